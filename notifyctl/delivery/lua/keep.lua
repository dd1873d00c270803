-- keep: a process says that what it is sending is still in progress. What has ended meanwhile is not counted again.
-- KEYS[1] hash    the provider's circuit
-- KEYS[2] zset    sends in progress there
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] ms      how long a sign of life holds
-- ARGV[3..] text  the names of its calls
-- Returns 0
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
for i = 3, #ARGV do redis.call('ZADD', KEYS[2], 'XX', string.format('%.0f', now + ARGV[2]), ARGV[i]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 0
