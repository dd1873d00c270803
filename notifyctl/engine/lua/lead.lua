-- lead: a worker process carries out a bulk replay for some seconds, unless another one does.
-- KEYS[1] hash    replay:<id>: the record
-- KEYS[2] zset    replays:running: what has ended is no longer in it
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    worker id
-- ARGV[3] ms      for how long; 0 = not any more, if it does
-- ARGV[4] text    replay id
-- Returns the record as {field, value, ...} | {}: it is another's, or has ended
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local h = redis.call('HMGET', KEYS[1], 'state', 'led_by', 'led_until')
if h[1] ~= 'running' then
  redis.call('ZREM', KEYS[2], ARGV[4])
  return {}
end
if h[2] ~= ARGV[2] and ARGV[3] == '0' then return {} end
local until_ms = tonumber(h[3] or 0)
if h[2] ~= ARGV[2] and until_ms > now and until_ms <= now + 60000 then return {} end  -- later: a clock was set back
redis.call('HSET', KEYS[1], 'led_by', ARGV[2], 'led_until', string.format('%.0f', now + tonumber(ARGV[3])))
for i = 1, 2 do redis.call('PEXPIRE', KEYS[i], 2592000000) end  -- a slow one outlives the 30 days it is remembered for
return redis.call('HGETALL', KEYS[1])
