-- gather: the next page of the dead jobs that a bulk replay is about. What may go is put down to be sent again later,
-- and what must not is counted. The cursor moves with it: who calls twice, or beside another, changes nothing.
-- KEYS[1] hash    replay:<id>: until, cursor, counted, total, chosen, skipped:<why>, stopped
-- KEYS[2] zset    replay:<id>:todo, id by time of death
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] ms      how long both are kept
-- ARGV[3] text    the cursor that this page begins at
-- ARGV[4] text    the cursor that it ends at
-- ARGV[5] flag    1 = this page is the last
-- ARGV[6..] text  id, when it died, verdict (go | in_doubt | why it must not go)
-- Returns {until: what died later is not meant, cursor, counted: 1 = there is no more to gather, chosen so far}
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
redis.call('HSETNX', KEYS[1], 'until', string.format('%.0f', now))
local h = redis.call('HMGET', KEYS[1], 'until', 'cursor', 'counted', 'stopped')
if (h[2] or '') == ARGV[3] and not h[3] and not h[4] then
  local counts = {total = 0, chosen = 0}
  for i = 6, #ARGV, 3 do
    local id, died, verdict = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local field = 'skipped:' .. verdict
    if verdict == 'go' or verdict == 'in_doubt' then
      field = 'chosen'
      redis.call('ZADD', KEYS[2], died, id)
    end
    counts[field] = (counts[field] or 0) + 1
    counts.total = counts.total + 1
  end
  for field, count in pairs(counts) do redis.call('HINCRBY', KEYS[1], field, count) end
  redis.call('HSET', KEYS[1], 'cursor', ARGV[4])
  if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'counted', 1) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
h = redis.call('HMGET', KEYS[1], 'until', 'cursor', 'counted', 'chosen')
return {tonumber(h[1]), h[2] or '', tonumber(h[3] or 0), tonumber(h[4] or 0)}
