-- look: a provider's circuit as it is; changes nothing.
-- KEYS[1] hash    the provider's circuit
-- ARGV[1] ms      now, 0 = the server's clock
-- Returns now in ms, then fields and values
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
return {now, redis.call('HGETALL', KEYS[1])}
