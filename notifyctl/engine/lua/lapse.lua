-- lapse: this worker process is dead for certain: its leases end now, and the next take reclaims them.   active -> active
-- KEYS[1] zset    active
-- KEYS[2] zset    wake
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] text    worker id
-- Returns how many leases it had
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local ended, start = 0, ARGV[3] .. ':'
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, 999)) do
  local lease = redis.call('HGET', ARGV[2] .. 'job:' .. id, 'lease') or ''
  if string.sub(lease, 1, #start) == start then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now), id)
    ended = ended + 1
  end
end
if ended > 0 then redis.call('ZADD', KEYS[2], 0, 'w') end
return ended
