-- take: hand waiting jobs to a worker that has threads free for them.     waiting -> active
-- On the way: what is due is promoted (delayed -> waiting), and what nobody wants any more is dropped (waiting ->
-- cancelled). A job in doubt is handed out to be looked up: before all others and without a grant, as nothing is sent.
-- KEYS[1] zset    waiting
-- KEYS[2] zset    delayed
-- KEYS[3] zset    active
-- KEYS[4] zset    cancelled
-- KEYS[5] hash    grants: next_us, turn: how many were given, limited_until
-- KEYS[6] hash    config
-- KEYS[7] hash    meta
-- KEYS[8] string  taken:<worker>: sequence number and ids of its last batch
-- KEYS[9] zset    wake
-- KEYS[10] hash    totals
-- KEYS[11] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] text    worker id
-- ARGV[4] number  take sequence: the same number again returns the same batch
-- ARGV[5] number  jobs wanted
-- ARGV[6] ms      lease
-- ARGV[7] text    rate "count/period_ms", 0/1 = no limit; an operator's rate in config wins
-- ARGV[8] ms      gap after which leases are given time before any is reclaimed
-- ARGV[9] ms      retention of cancelled jobs
-- ARGV[10] ms     how long the caller would wait on the marker
-- Returns {again_ms, block_ms, lost, {id, message, payload, attempt, possible duplicate, created at, look, provider asked,
--   asked at}, ...}; the last three are of a job in doubt: the number of this look-up, what was asked, and when
--   again_ms >= 0: ask again after so long, whatever the marker says; -1: wait on the marker, block_ms at most
--   lost: 1 where leases have run out, for `reclaim` to deal with
local SLACK_US, HEADROOM, BATCH, LANE = 5000, 1.04, 100, 1e15
local t = redis.call('TIME')
local now_us = ARGV[1] ~= '0' and tonumber(ARGV[1]) * 1000 or t[1] * 1000000 + t[2]
local now, prefix, token = math.floor(now_us / 1000), ARGV[2], ARGV[3] .. ':' .. ARGV[4]
local ms, minute = string.format('%.0f', now), KEYS[11] .. ':' .. math.floor(now / 60000)
local function tick(event, n)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local function job(id) return prefix .. 'job:' .. id end
local FIELDS = {'message', 'payload', 'attempt', 'possible_duplicate', 'created_at', 'look', 'provider', 'began_at',
  'expires_at', 'idem', 'indexes'}
local function read(id) return redis.call('HMGET', job(id), unpack(FIELDS)) end
local function handed_out(id, h)
  return {id, h[1] or '', h[2] or '', h[3], h[4] or '0', h[5], h[6] or '', h[7] or '', h[8] or ''}
end

local seq, taken = string.match(redis.call('GET', KEYS[8]) or '', '^(%d+) (.*)$')
if tonumber(seq or 0) >= tonumber(ARGV[4]) then  -- an older one comes late, on a lost connection: nothing is its own
  local batch = {0, 0, 0}
  for id in string.gmatch(taken, '%S+') do
    if redis.call('HGET', job(id), 'lease') == token then batch[#batch + 1] = handed_out(id, read(id)) end
  end
  return batch
end

local meta = redis.call('HMGET', KEYS[7], 'ran_at', 'grace_until')
local grace = tonumber(meta[2] or 0)
local longest = now + tonumber(ARGV[6])  -- of a lease, and of a grace: more is of a clock that was set back
if meta[1] and now - tonumber(meta[1]) > tonumber(ARGV[8]) then grace = longest end
grace = math.min(grace, longest)
redis.call('HSET', KEYS[7], 'ran_at', ms, 'grace_until', string.format('%.0f', grace))
local ran_out = redis.call('ZCOUNT', KEYS[3], '-inf', now >= grace and ms or '0')  -- 0: as by `lapse`
local too_long = redis.call('ZCOUNT', KEYS[3], string.format('(%.0f', longest), '+inf')
local lost = ran_out + too_long > 0 and 1 or 0

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ms, 'LIMIT', 0, BATCH)) do
  redis.call('ZREM', KEYS[2], id)
  local h = redis.call('HMGET', job(id), 'lane', 'seq', 'look')
  if h[1] then
    local lane = (h[3] or '') ~= '' and -1 or tonumber(h[1])
    redis.call('ZADD', KEYS[1], string.format('%.0f', lane * LANE + tonumber(h[2])), id)
    redis.call('HSET', job(id), 'state', 'waiting')
  end
end

local config = redis.call('HMGET', KEYS[6], 'paused', 'blocked_until', 'rate', 'max_active', 'blocked_ms')
local blocked = config[2] and math.min(tonumber(config[2]) - now, tonumber(config[5] or math.huge)) or 0
if config[1] or blocked > 0 then return {config[1] and 1000 or blocked, 0, lost} end
-- where a block is over, one job tries it, and its completion lets the others go
local trial = config[2] and tonumber(config[5] or math.huge) >= 1000  -- a shorter one was a rest: nobody is in trouble
local wanted, max_active = tonumber(ARGV[5]), trial and 1 or tonumber(config[4] or 0)
if max_active > 0 then wanted = math.min(wanted, max_active - redis.call('ZCARD', KEYS[3])) end
local count, period = string.match(config[3] or ARGV[7], '^(%d+)/(%d+)$')
local interval = count ~= '0' and math.ceil(tonumber(period) * 1000 * HEADROOM / tonumber(count)) or 0
local slack_us = math.min(SLACK_US, math.floor(tonumber(period) * 20))
local grants = redis.call('HMGET', KEYS[5], 'next_us', 'turn', 'limited_until')
local next_us, turn = tonumber(grants[1] or 0), tonumber(grants[2] or 0)
next_us = math.min(next_us, now_us + interval)  -- a rate that was raised, a clock set back: neither is waited for

local batch, ids, left, granted = {-1, 0, lost}, {}, BATCH, 0
while #ids < wanted and left > 0 do
  left = left - 1
  local id, score = unpack(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES'))
  local in_doubt = id and tonumber(score) < 0
  if not id or not in_doubt and interval > 0 and next_us > now_us then break end
  if turn % 10 == 9 and not in_doubt then  -- one grant in ten goes to a lower lane that has work; the two below "high" alternate
    local lane = math.floor(tonumber(score) / LANE)
    local function below(by)
      return redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', (lane + by) * LANE), '+inf', 'LIMIT', 0, 1)[1]
    end
    id = turn % 20 == 19 and below(2) or below(1) or id
  end
  redis.call('ZREM', KEYS[1], id)
  local h = read(id)
  if not h[9] then
    redis.call('HINCRBY', KEYS[7], 'orphans', 1)
  elseif h[9] ~= '0' and tonumber(h[9]) <= now and not in_doubt then
    redis.call('ZADD', KEYS[4], ms, id)
    redis.call('HSET', job(id), 'state', 'cancelled', 'reason', 'expired', 'finished_at', ms)
    redis.call('PEXPIRE', job(id), ARGV[9])
    redis.call('HINCRBY', KEYS[10], 'cancelled:expired', 1)
    tick('cancelled', 1)
    if h[10] then redis.call('PEXPIRE', prefix .. 'idem:' .. h[10], ARGV[9] + 2592000000) end
    for name in string.gmatch(h[11] or '', '%S+') do
      redis.call('ZADD', prefix .. name, string.format('%.0f', now + ARGV[9]), id)
      local last = redis.call('ZRANGE', prefix .. name, -1, -1, 'WITHSCORES')[2]
      redis.call('PEXPIRE', prefix .. name, string.format('%.0f', last - now))
    end
  else
    redis.call('ZADD', KEYS[3], string.format('%.0f', now + ARGV[6]), id)
    redis.call('HSET', job(id), 'state', 'active', 'lease', token, 'taken_at', ms, 'began', '')
    ids[#ids + 1] = id
    batch[#batch + 1] = handed_out(id, h)
    if not in_doubt then
      turn, granted = turn + 1, granted + 1
      if interval > 0 then next_us = math.max(next_us, now_us - slack_us) + interval end
    end
  end
end
if #ids > 0 then redis.call('SET', KEYS[8], ARGV[4] .. ' ' .. table.concat(ids, ' '), 'PX', 3600000) end
redis.call('HSET', KEYS[5], 'next_us', string.format('%.0f', next_us), 'turn', turn)
if granted > 0 then tick('granted', granted) end

if redis.call('ZCARD', KEYS[1]) > 0 then
  if interval > 0 and next_us > now_us then
    batch[1] = math.ceil((next_us - now_us) / 1000)
    local from = math.max(now_us, math.min(next_us, tonumber(grants[3] or 0)))  -- each moment of waiting counts once
    redis.call('HINCRBY', KEYS[10], 'limited_us', string.format('%.0f', next_us - from))
    redis.call('HSET', KEYS[5], 'limited_until', string.format('%.0f', next_us))
    if #ids > 0 and #ids == wanted then redis.call('ZADD', KEYS[9], 0, 'w') end  -- its threads are all busy: who goes on?
  elseif max_active > 0 and redis.call('ZCARD', KEYS[3]) >= max_active then
    batch[1] = trial and 1000 or 100  -- as many as the whole fleet may have are in progress
  else
    batch[1] = 0
    redis.call('ZADD', KEYS[9], 0, 'w')
  end
else
  local due = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  batch[2] = math.max(1, math.min(tonumber(ARGV[10]), due[2] and tonumber(due[2]) - now or math.huge))
end
return batch
