-- admit: may this provider be asked now? Everybody while it works; one, the probe, when an open circuit's time is over.
-- KEYS[1] hash    the provider's circuit
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the caller's name for this call
-- ARGV[3] count   the caller's own sends in progress there
-- ARGV[4] count   so many failures in a row open the circuit
-- ARGV[5] ms      how long a probe may take: then another one is allowed
-- ARGV[6] ms      how long to wait, at most, for what a probe will show
-- ARGV[7] ms      how long to wait for what sends in progress will show
-- ARGV[8] ms      how long a circuit is kept that nobody touches
-- Returns a word, ms until it is worth asking again, kind and reason where the circuit is open, the transition made
--   yes: closed and clean | wary: closed, and its next success must be told | probe: you are the one | no
--   transition: closed, where what a throttling provider asked for is over; else empty
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
-- a time of the future, stored again where it is further off than it can be: the clock was set back
local function at_most(field, time_ms, length_ms)
  if time_ms <= now + length_ms then return time_ms end
  redis.call('HSET', KEYS[1], field, string.format('%.0f', now + length_ms))
  return now + length_ms
end
local h = redis.call('HMGET', KEYS[1], 'kind', 'until', 'reason', 'failures', 'probe', 'probe_until', 'changed_by',
  'cool_down')
local kind, reason = h[1], h[3] or ''
if not kind then
  local failures = tonumber(h[4] or 0)
  if failures == 0 then return {'yes', 0, '', '', h[7] == 'admit ' .. ARGV[2] and 'closed' or ''} end
  -- what is in progress may fail as well: no more than the threshold are to be in doubt
  local in_flight = tonumber(ARGV[3])
  if in_flight > 0 and failures + in_flight >= tonumber(ARGV[4]) then
    return {'no', tonumber(ARGV[7]), 'failing', reason, ''}
  end
  return {'wary', 0, '', '', ''}
end
local until_ms = at_most('until', tonumber(h[2]), tonumber(h[8] or h[2]))
if now < until_ms then return {'no', until_ms - now, kind, reason, ''} end
if kind == 'throttled' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'changed_by', 'admit ' .. ARGV[2], 'change', 'closed')
  redis.call('PEXPIRE', KEYS[1], ARGV[8])
  return {'yes', 0, '', '', 'closed'}
end
local probe_until = at_most('probe_until', tonumber(h[6] or 0), tonumber(ARGV[5]))
if h[5] ~= ARGV[2] and now < probe_until then
  return {'no', math.min(tonumber(ARGV[6]), probe_until - now), kind, reason, ''}
end
redis.call('HSET', KEYS[1], 'probe', ARGV[2], 'probe_until', string.format('%.0f', now + tonumber(ARGV[5])))
redis.call('PEXPIRE', KEYS[1], ARGV[8])
return {'probe', 0, kind, reason, ''}
