-- discard: a person gives a dead job up.                                   dead -> (nothing)
-- KEYS[1] zset    dead
-- KEYS[2] hash    job:<id>
-- KEYS[3] string  gone:<id>: who repeats itself, or enqueues this id once more, is answered from it
-- KEYS[4] hash    totals
-- KEYS[5] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] text    job id
-- ARGV[4] ms      how long its idempotency key is still known
-- ARGV[5] ms      how long its id is
-- ARGV[6] text    this call's own name
-- Returns "done" (also when this very call did it before) | the state it is in instead | "missing"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n)
  redis.call('HINCRBY', KEYS[4], event, n)
  local minute = KEYS[5] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local h = redis.call('HMGET', KEYS[2], 'state', 'idem', 'indexes')
if not h[1] then return redis.call('GET', KEYS[3]) == ARGV[6] and 'done' or 'missing' end
if redis.call('ZREM', KEYS[1], ARGV[3]) == 0 then return h[1] end
redis.call('DEL', KEYS[2])
tick('discarded', 1)
redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[5])
if h[2] then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. h[2], ARGV[4]) end
for name in string.gmatch(h[3] or '', '%S+') do
  redis.call('ZREM', ARGV[2] .. name, ARGV[3])
  local last = redis.call('ZRANGE', ARGV[2] .. name, -1, -1, 'WITHSCORES')[2]
  if last then redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', last - now)) end
end
return 'done'
