-- trip: an operator takes a provider out; when the time is over, one probe decides whether it is asked again.
-- KEYS[1] hash    the provider's circuit
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the caller's name for this call
-- ARGV[3] ms      for how long
-- ARGV[4] text    why
-- ARGV[5] ms      how long a circuit is kept that nobody touches
-- Returns the transition made: opened, also where it was open for another reason | again: it had been tripped before
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local h = redis.call('HMGET', KEYS[1], 'kind', 'changed_by', 'change')
if h[2] == ARGV[2] then return h[3] end
local change = h[1] == 'tripped' and 'again' or 'opened'
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'kind', 'tripped', 'since', string.format('%.0f', now),
  'until', string.format('%.0f', now + tonumber(ARGV[3])), 'cool_down', ARGV[3],
  'reason', ARGV[4], 'changed_by', ARGV[2], 'change', change)
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) + tonumber(ARGV[5]))
return change
