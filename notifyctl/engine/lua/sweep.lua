-- sweep: forget what its retention is over for. Counts are read by time, so they are right with or without it.
-- KEYS[1] zset    completed
-- KEYS[2] zset    cancelled
-- KEYS[3] zset    failed
-- KEYS[4] zset    resent
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] ms      retention of completed jobs
-- ARGV[3] ms      retention of cancelled jobs
-- ARGV[4] ms      retention of the record of failures
-- ARGV[5] ms      retention of that of resends in doubt
-- Returns how many entries went; 300 or more: there may be more to do
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local gone = 0
for i = 1, 4 do
  local old = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - tonumber(ARGV[i + 1])), 'LIMIT', 0, 300)
  if #old > 0 then gone = gone + redis.call('ZREM', KEYS[i], unpack(old)) end
end
return gone
