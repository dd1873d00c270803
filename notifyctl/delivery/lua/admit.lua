-- admit: may this provider be asked now? Everybody while it works; one, the probe, when an open circuit's time is over.
-- Whoever may is counted as sending there, until his report, or until his process gives no sign of life any more.
-- KEYS[1] hash    the provider's circuit
-- KEYS[2] zset    sends in progress there, of the whole fleet, by when each is over at the latest
-- KEYS[3] string  how many there may be at once, where answers have shown that the threshold is too few
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the caller's name for this call
-- ARGV[3] count   so many failures in a row open the circuit
-- ARGV[4] ms      how long a send counts without a sign of life
-- ARGV[5] ms      how long a probe may take: then another one is allowed
-- ARGV[6] ms      how long to wait, at most, for what a probe will show
-- ARGV[7] ms      how long to wait for what sends in progress will show
-- ARGV[8] ms      how long one of them may take until it is a bad sign
-- ARGV[9] ms      how long a circuit is kept that nobody touches
-- ARGV[10] ms     how long more than the threshold may be in progress without need of it
-- ARGV[11..] text calls whose sends are over, and whose report failed
-- Returns a word, ms until it is worth asking again, kind and reason where the answer is no, the transition made
--   yes: closed | probe: you are the one | no | soon: no, but what is in progress may be over in a moment
--   transition: closed, where what a throttling provider asked for is over; else empty
local now, call, threshold, send_ms = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
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
local function counted(transition)
  redis.call('ZADD', KEYS[2], string.format('%.0f', now + send_ms), call)
  redis.call('PEXPIRE', KEYS[2], send_ms)
  return {'yes', 0, '', '', transition}
end
if ARGV[11] then redis.call('ZREM', KEYS[2], unpack(ARGV, 11)) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
redis.call('ZREMRANGEBYSCORE', KEYS[2], string.format('(%.0f', now + send_ms), '+inf')  -- the clock was set back
local h = redis.call('HMGET', KEYS[1], 'kind', 'until', 'reason', 'failures', 'probe', 'probe_until', 'changed_by',
  'cool_down')
local kind, reason = h[1], h[3] or ''
if not kind then
  local again = h[7] == 'admit ' .. call and 'closed' or ''
  if redis.call('ZSCORE', KEYS[2], call) then return counted(again) end  -- its reply was lost
  -- what is in progress may come to nothing as well: no more than the threshold are to be in doubt
  local failures, in_progress = tonumber(h[4] or 0), redis.call('ZCARD', KEYS[2])
  local most = failures > 0 and threshold - failures or tonumber(redis.call('GET', KEYS[3]) or threshold)
  if failures == 0 and 2 * in_progress >= most then redis.call('PEXPIRE', KEYS[3], ARGV[10]) end
  if in_progress == 0 or in_progress < most then return counted(again) end
  local over = tonumber(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2])
  local early = now - (over - send_ms) < tonumber(ARGV[8])
  return {early and 'soon' or 'no', tonumber(ARGV[7]), failures > 0 and 'failing' or '',
    failures > 0 and reason or in_progress .. ' sends have no answer yet', ''}
end
local until_ms = at_most('until', tonumber(h[2]), tonumber(h[8] or h[2]))
if now < until_ms then return {'no', until_ms - now, kind, reason, ''} end
if kind == 'throttled' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'changed_by', 'admit ' .. call, 'change', 'closed')
  redis.call('PEXPIRE', KEYS[1], ARGV[9])
  return counted('closed')
end
local probe_until = at_most('probe_until', tonumber(h[6] or 0), tonumber(ARGV[5]))
if h[5] ~= call and now < probe_until then
  return {'no', math.min(tonumber(ARGV[6]), probe_until - now), kind, reason, ''}
end
redis.call('HSET', KEYS[1], 'probe', call, 'probe_until', string.format('%.0f', now + tonumber(ARGV[5])))
redis.call('PEXPIRE', KEYS[1], ARGV[9])
return {'probe', 0, kind, reason, ''}
