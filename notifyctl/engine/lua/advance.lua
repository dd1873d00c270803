-- advance: the next few jobs of a bulk replay go on their way again, at the ends of their lanes.     dead -> waiting
-- One that must not go any more is counted instead. Counts move with the jobs: who calls twice takes the next step,
-- and all callers together keep the rate.
-- KEYS[1] zset    dead
-- KEYS[2] zset    waiting
-- KEYS[3] hash    meta
-- KEYS[4] zset    wake
-- KEYS[5] hash    replay:<id>: until, next_us, stopped, replayed, failed, skipped:<why>
-- KEYS[6] zset    replay:<id>:todo
-- KEYS[7] hash    totals
-- KEYS[8] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] number  lane, -1 = the one that each had
-- ARGV[4] number  so many go at most
-- ARGV[5] us      distance between two of them; 0 = none
-- ARGV[6] us      not before this moment
-- ARGV[7] ms      older jobs must not go; 0 = whatever their age
-- ARGV[8] text    who does that, and why: an act of each job's history, as JSON
-- ARGV[9] ms      how long the hash and the list are kept
-- Returns {left to do, us to wait before the next step}; left is 0 where somebody stopped it
local SCAN, t = 200, redis.call('TIME')
local now_us = ARGV[1] ~= '0' and tonumber(ARGV[1]) * 1000 or t[1] * 1000000 + t[2]
local now, most, distance = math.floor(now_us / 1000), tonumber(ARGV[4]), tonumber(ARGV[5])
local h = redis.call('HMGET', KEYS[5], 'until', 'next_us', 'stopped')
if h[3] then return {0, 0} end
local wait = math.max(tonumber(h[2] or 0), tonumber(ARGV[6])) - now_us
-- a longer wait would be of a clock that was set back
if wait > 0 and wait <= most * distance then return {redis.call('ZCARD', KEYS[6]), wait} end
local counts, went, ms, oldest = {}, 0, string.format('%.0f', now), tonumber(ARGV[7])
local function why_not(job)
  local j = redis.pcall('HMGET', job, 'state', 'finished_at', 'evidence', 'superseded', 'created_at')
  if j.err then return 'failed' end
  if j[1] ~= 'dead' or tonumber(j[2] or 0) > tonumber(h[1]) then return 'skipped:changed' end
  if (j[3] or '') ~= '' then return 'skipped:accepted' end
  if (j[4] or '') ~= '' then return 'skipped:superseded' end
  if oldest > 0 and now - tonumber(j[5] or 0) > oldest then return 'skipped:too_old' end
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[6], 0, SCAN - 1)) do
  local job = ARGV[2] .. 'job:' .. id
  local word = why_not(job)
  if not word then
    redis.call('ZREM', KEYS[1], id)
    word, went = 'replayed', went + 1
    local j = redis.call('HMGET', job, 'lane', 'doubts', 'own_lane')
    local lane, seq = ARGV[3] == '-1' and (j[3] or j[1]) or ARGV[3], redis.call('HINCRBY', KEYS[3], 'seq', 1)
    redis.call('HSETNX', job, 'own_lane', j[1])
    redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(lane) * 1e15 + seq), id)
    redis.call('HSET', job, 'state', 'waiting', 'lane', lane, 'seq', seq, 'attempt', 0, 'doubts', 0, 'lost', 0,
      'expires_at', 0, 'replayed_at', ms, 'act:' .. redis.call('HINCRBY', job, 'acts', 1), ms .. ' ' .. ARGV[8])
    redis.call('HDEL', job, 'reason', 'finished_at', 'refused_at', 'release_reason', 'call')
    redis.call('HINCRBY', job, 'replays', 1)
    if tonumber(j[2] or 0) > 0 then redis.call('HSET', job, 'possible_duplicate', 1) end
  end
  redis.call('ZREM', KEYS[6], id)
  counts[word] = (counts[word] or 0) + 1
  if went == most then break end
end
for field, count in pairs(counts) do redis.call('HINCRBY', KEYS[5], field, count) end
if went > 0 then
  redis.call('ZADD', KEYS[4], 0, 'w')
  redis.call('HINCRBY', KEYS[7], 'replayed', went)
  local minute = KEYS[8] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, 'replayed', went) == went then redis.call('PEXPIRE', minute, 21600000) end
  if distance > 0 then redis.call('HSET', KEYS[5], 'next_us', string.format('%.0f', now_us + went * distance)) end
end
redis.call('PEXPIRE', KEYS[5], ARGV[9])
redis.call('PEXPIRE', KEYS[6], ARGV[9])
return {redis.call('ZCARD', KEYS[6]), went * distance}
