-- report: what came of a try at a provider. Failures in a row, or one account fault, open its circuit.
-- KEYS[1] hash    the provider's circuit
-- KEYS[2] zset    sends in progress there: this one is over
-- KEYS[3] string  how many there may be at once: one more, where an answer came while so many were in progress
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the name of the call of `admit` that this belongs to
-- ARGV[3] text    works | failing | account | throttled | untried: the probe found out nothing
-- ARGV[4] text    why, in the provider's words; no personal data
-- ARGV[5] ms      for how long the circuit opens
-- ARGV[6] ms      the longest that this becomes, doubled by each probe that fails
-- ARGV[7] count   so many failures in a row open it
-- ARGV[8] ms      how long a circuit is kept that nobody touches
-- ARGV[9] ms      how long more than the threshold may be in progress without need of it
-- Returns the transition made (opened | closed | again: the probe failed, too | empty), ms until asking is worth it
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local call, verdict, open_ms = ARGV[2], ARGV[3], tonumber(ARGV[5])
local h = redis.call('HMGET', KEYS[1], 'kind', 'until', 'cool_down', 'since', 'probe', 'counted', 'changed_by', 'change')
local kind, until_ms, counted = h[1], tonumber(h[2] or 0), h[6] or ''
local left = math.max(0, math.min(until_ms - now, tonumber(h[3] or until_ms)))  -- the clock may have been set back
local in_progress = redis.call('ZCARD', KEYS[2])
local over = redis.call('ZREM', KEYS[2], call) == 1
if h[7] == call then return {h[8], left} end
local probing = kind and h[5] == call
if verdict == 'untried' then
  if probing then redis.call('HDEL', KEYS[1], 'probe', 'probe_until') end
  return {'', 0}
end
if kind and not probing then  -- a send that began before it opened: the probe will tell
  if verdict == 'throttled' and kind == 'throttled' and open_ms > left then
    redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + open_ms), 'cool_down', open_ms)
    left = open_ms
  end
  return {'', left}
end
if verdict == 'works' then
  if not kind then
    redis.call('HDEL', KEYS[1], 'failures', 'counted', 'reason')
    local most = tonumber(redis.call('GET', KEYS[3]) or ARGV[7])
    if over and in_progress >= most then redis.call('SET', KEYS[3], most + 1, 'PX', ARGV[9]) end
    return {'', 0}
  end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'changed_by', call, 'change', 'closed')
  redis.call('PEXPIRE', KEYS[1], ARGV[8])
  return {'closed', 0}
end
if verdict == 'failing' and not kind then
  if not string.find(counted, call, 1, true) then counted = counted .. call .. ' ' end
  local _, failures = string.gsub(counted, ' ', '')
  if failures < tonumber(ARGV[7]) then
    redis.call('HSET', KEYS[1], 'failures', failures, 'counted', counted, 'reason', ARGV[4])
    redis.call('PEXPIRE', KEYS[1], ARGV[8])
    return {'', 0}
  end
end
local same = kind == verdict
if same and verdict == 'failing' then open_ms = math.min(2 * tonumber(h[3]), tonumber(ARGV[6])) end
local change, since = same and 'again' or 'opened', same and h[4] or string.format('%.0f', now)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'kind', verdict, 'since', since, 'until', string.format('%.0f', now + open_ms),
  'reason', ARGV[4], 'cool_down', open_ms, 'changed_by', call, 'change', change)
redis.call('PEXPIRE', KEYS[1], open_ms + tonumber(ARGV[8]))
return {change, open_ms}
