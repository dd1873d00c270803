-- cancel: this message is not wanted any more.                             waiting | delayed -> cancelled
-- By its own worker, which names its lease token:                          active -> cancelled
-- What a later event makes wrong when it is past that is marked: should it be dead, or die, it must not go again.
-- KEYS[1] zset    waiting
-- KEYS[2] zset    delayed
-- KEYS[3] zset    active
-- KEYS[4] zset    cancelled
-- KEYS[5] hash    job:<id>
-- KEYS[6] hash    totals
-- KEYS[7] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] text    job id
-- ARGV[4] text    lease token, empty = an operator's call
-- ARGV[5] text    reason, one word
-- ARGV[6] ms      retention
-- ARGV[7] text    an operator's call: its own name
-- ARGV[8] text    who did it, and why, as JSON: an act of its history; empty = nobody
-- Returns "done" (also when this token, or this very call, did it before) | the state it is in instead | "stale" | "missing"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n, reason)
  redis.call('HINCRBY', KEYS[6], reason and event .. ':' .. reason or event, n)
  local minute = KEYS[7] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local h = redis.call('HMGET', KEYS[5], 'state', 'lease', 'settled', 'idem', 'call', 'indexes')
if not h[1] then return 'missing' end
if ARGV[4] ~= '' then
  if h[2] ~= ARGV[4] then return h[3] == ARGV[4] and 'done' or 'stale' end
elseif h[1] ~= 'waiting' and h[1] ~= 'delayed' then
  local late = ARGV[5] == 'superseded' and (h[1] == 'dead' or h[1] == 'active')
  if late then redis.call('HSETNX', KEYS[5], 'superseded', string.format('%.0f', now)) end
  return h[1] == 'cancelled' and h[5] == ARGV[7] and 'done' or h[1]
end
local from = h[1] == 'waiting' and KEYS[1] or h[1] == 'delayed' and KEYS[2] or KEYS[3]
local ms = string.format('%.0f', now)
redis.call('ZREM', from, ARGV[3])
tick('cancelled', 1, ARGV[5])
redis.call('ZADD', KEYS[4], ms, ARGV[3])
redis.call('HSET', KEYS[5], 'state', 'cancelled', 'lease', '', 'settled', ARGV[4], 'reason', ARGV[5], 'finished_at', ms,
  'call', ARGV[7])
if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[5], 'act:' .. redis.call('HINCRBY', KEYS[5], 'acts', 1), ms .. ' ' .. ARGV[8])
end
redis.call('PEXPIRE', KEYS[5], ARGV[6])
if h[4] then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. h[4], ARGV[6] + 2592000000) end
for name in string.gmatch(h[6] or '', '%S+') do
  redis.call('ZADD', ARGV[2] .. name, string.format('%.0f', now + ARGV[6]), ARGV[3])
  local last = redis.call('ZRANGE', ARGV[2] .. name, -1, -1, 'WITHSCORES')[2]
  redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', last - now))
end
return 'done'
