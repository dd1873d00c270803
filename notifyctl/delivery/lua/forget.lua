-- forget: a process is dead for certain; what it was sending there is over, and nobody will report it.
-- KEYS[1] hash    the provider's circuit
-- KEYS[2] zset    sends in progress there
-- ARGV[1] text    what the names of its calls begin with
-- Returns 0
local function its_own(call) return call and string.sub(call, 1, #ARGV[1]) == ARGV[1] end
for _, call in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if its_own(call) then redis.call('ZREM', KEYS[2], call) end
end
if its_own(redis.call('HGET', KEYS[1], 'probe')) then redis.call('HDEL', KEYS[1], 'probe', 'probe_until') end
return 0
