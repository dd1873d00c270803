-- retry: this run failed, another one follows.                             active -> delayed
-- KEYS[1] zset    active
-- KEYS[2] zset    delayed
-- KEYS[3] hash    job:<id>
-- KEYS[4] zset    wake
-- KEYS[5] hash    totals
-- KEYS[6] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] text    lease token
-- ARGV[4] ms      backoff
-- ARGV[5] text    attempt record as JSON
-- ARGV[6] text    what the run adds to the totals: field, number, …
-- Returns "done" (also when this token did it before) | "stale" | "accepted <provider> <its id>": an earlier send was
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n)
  redis.call('HINCRBY', KEYS[5], event, n)
  local minute = KEYS[6] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local h = redis.call('HMGET', KEYS[3], 'lease', 'settled', 'evidence', 'look')
if h[1] ~= ARGV[3] then return h[2] == ARGV[3] and 'done' or 'stale' end
if (h[3] or '') ~= '' then return 'accepted ' .. h[3] end
if (h[4] or '') ~= '' then redis.call('HINCRBY', KEYS[3], 'doubts', -1) end  -- a look-up has settled it
local due = string.format('%.0f', now + tonumber(ARGV[4]))
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], due, ARGV[2])
redis.call('HINCRBY', KEYS[3], 'attempt', 1)
redis.call('HSET', KEYS[3], 'state', 'delayed', 'lease', '', 'settled', ARGV[3], 'began', '', 'look', '', 'due_at', due,
  'attempt:' .. redis.call('HINCRBY', KEYS[3], 'runs', 1), ARGV[5])
redis.call('ZADD', KEYS[4], 0, 'w')
tick('retried', 1)
for field, n in string.gmatch(ARGV[6], '(%S+) (%d+)') do redis.call('HINCRBY', KEYS[5], field, n) end
return 'done'
