-- doubt: nobody can say whether the provider took it. No attempt is used; it goes once more, flagged; a second doubt is held.
--                                                                          active -> delayed | dead
-- KEYS[1] zset    active
-- KEYS[2] zset    delayed
-- KEYS[3] zset    dead
-- KEYS[4] zset    failed
-- KEYS[5] hash    job:<id>
-- KEYS[6] zset    wake
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] text    lease token
-- ARGV[4] ms      how long evidence may still come in before the next step
-- ARGV[5] text    attempt record as JSON
-- Returns "done" (also when this token did it before) | "stale"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local h = redis.call('HMGET', KEYS[5], 'lease', 'settled', 'doubts')
if h[1] ~= ARGV[3] then return h[2] == ARGV[3] and 'done' or 'stale' end
local ms = string.format('%.0f', now)
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[5], 'lease', '', 'settled', ARGV[3], 'began', '', 'possible_duplicate', 1,
  'attempt:' .. redis.call('HINCRBY', KEYS[5], 'runs', 1), ARGV[5])
if redis.call('HINCRBY', KEYS[5], 'doubts', 1) > 1 then
  redis.call('ZADD', KEYS[3], ms, ARGV[2])
  redis.call('ZADD', KEYS[4], ms, ARGV[2])
  redis.call('HSET', KEYS[5], 'state', 'dead', 'reason', 'unknown_outcome', 'finished_at', ms)
else
  local due = string.format('%.0f', now + tonumber(ARGV[4]))
  redis.call('ZADD', KEYS[2], due, ARGV[2])
  redis.call('HSET', KEYS[5], 'state', 'delayed', 'due_at', due)
  redis.call('ZADD', KEYS[6], 0, 'w')
end
return 'done'
