-- present: a worker process lives, and says what it does.
-- KEYS[1] zset    workers
-- KEYS[2] string  what this one says of itself
-- KEYS[3] zset    replays:running
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    worker id
-- ARGV[3] text    what it says
-- ARGV[4] ms      for how long a sign of life holds
-- Others whose sign of life holds no more are forgotten.
-- Returns {1: it is new, {others that were forgotten}, {bulk replays that some worker has to carry out, ten at most}}
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
local is_new = redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local silent = string.format('(%.0f', now - tonumber(ARGV[4]))
local lost = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', silent, 'LIMIT', 0, 100)
if lost[1] then redis.call('ZREM', KEYS[1], unpack(lost)) end
return {is_new, lost, redis.call('ZRANGE', KEYS[3], 0, 9)}
