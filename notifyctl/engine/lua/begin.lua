-- begin: the send starts now. Written before the first byte leaves, so that a lost worker's job is known to be in doubt.
--                                                                          active -> active
-- KEYS[1] hash    job:<id>
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    lease token
-- ARGV[3] text    provider
-- Returns 1: go on | 0: the lease is no longer this token's, do not send
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'began', ARGV[2], 'provider', ARGV[3], 'began_at', string.format('%.0f', now))
return 1
