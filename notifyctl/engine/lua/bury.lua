-- bury: no further run by itself; a person decides.                        active -> dead
-- KEYS[1] zset    active
-- KEYS[2] zset    dead
-- KEYS[3] zset    failed
-- KEYS[4] hash    job:<id>
-- KEYS[5] hash    totals
-- KEYS[6] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] text    lease token
-- ARGV[4] text    reason, one word
-- ARGV[5] text    attempt record as JSON
-- ARGV[6] text    what the run adds to the totals: field, number, …
-- Returns "done" (also when this token did it before) | "stale" | "accepted <provider> <its id>": an earlier send was
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n, reason)
  redis.call('HINCRBY', KEYS[5], reason and event .. ':' .. reason or event, n)
  local minute = KEYS[6] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local h = redis.call('HMGET', KEYS[4], 'lease', 'settled', 'evidence', 'look')
if h[1] ~= ARGV[3] then return h[2] == ARGV[3] and 'done' or 'stale' end
if (h[3] or '') ~= '' then return 'accepted ' .. h[3] end
local ms, looked_up = string.format('%.0f', now), (h[4] or '') ~= ''
if ARGV[4] == 'unknown_outcome' and not looked_up then
  redis.call('HINCRBY', KEYS[4], 'doubts', 1)
  tick('doubted', 1)
end
tick('buried', 1, ARGV[4])
for field, n in string.gmatch(ARGV[6], '(%S+) (%d+)') do redis.call('HINCRBY', KEYS[5], field, n) end
if looked_up and (ARGV[4] == 'permanent' or ARGV[4] == 'retries_exhausted') then  -- the look-up has settled it
  redis.call('HINCRBY', KEYS[4], 'doubts', -1)
end
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ms, ARGV[2])
redis.call('ZADD', KEYS[3], ms, ARGV[2])
redis.call('HINCRBY', KEYS[4], 'attempt', 1)
redis.call('HSET', KEYS[4], 'state', 'dead', 'lease', '', 'settled', ARGV[3], 'began', '', 'look', '', 'reason', ARGV[4],
  'finished_at', ms, 'attempt:' .. redis.call('HINCRBY', KEYS[4], 'runs', 1), ARGV[5])
return 'done'
