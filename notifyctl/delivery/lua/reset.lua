-- reset: an operator closes a provider's circuit and forgets its failures, and what is in progress there.
-- KEYS[1] hash    the provider's circuit
-- KEYS[2] zset    sends in progress there
-- ARGV[1] text    the caller's name for this call
-- ARGV[2] ms      how long a circuit is kept that nobody touches
-- Returns the transition made: closed, or empty where it was closed
local h = redis.call('HMGET', KEYS[1], 'kind', 'changed_by')
if h[2] == ARGV[1] then return 'closed' end
redis.call('DEL', KEYS[1], KEYS[2])
if not h[1] then return '' end
redis.call('HSET', KEYS[1], 'changed_by', ARGV[1], 'change', 'closed')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'closed'
