-- begin: the send starts now. Written before the first byte leaves, so that a lost worker's job is known to be in doubt.
-- Keeps the distance between sends, where a busy machine let one of them start late: the first send of a run is told
-- how long to wait. The distance is a little less than that of grants, so that waits do not add up.
--                                                                          active -> active
-- KEYS[1] hash    job:<id>
-- KEYS[2] hash    grants: begin_us, when the next send may start
-- KEYS[3] hash    config
-- KEYS[4] zset    active
-- KEYS[5] zset    resent: counts a send that may be the second one of its message
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    lease token
-- ARGV[3] text    provider
-- ARGV[4] text    rate "count/period_ms", 0/1 = no limit; an operator's rate in config wins
-- ARGV[5] text    job id
-- Returns how many microseconds to wait before the send | -1: the lease is no longer this token's, do not send
local HEADROOM = 1.03
local t = redis.call('TIME')
local now_us = t[1] * 1000000 + t[2]
if ARGV[1] ~= '0' then now_us = tonumber(ARGV[1]) * 1000 end
local h = redis.call('HMGET', KEYS[1], 'lease', 'began', 'start_us', 'possible_duplicate', 'doubts', 'replays')
if h[1] ~= ARGV[2] then return -1 end
redis.call('HSET', KEYS[1], 'began', ARGV[2], 'provider', ARGV[3], 'began_at', string.format('%.0f', now_us / 1000))
-- this run began before: its reply was lost, or it goes on at another provider
if h[2] == ARGV[2] then return math.max(0, tonumber(h[3] or 0) - now_us) end
if h[4] == '1' then  -- retries of one and the same resend are one
  redis.call('ZADD', KEYS[5], string.format('%.0f', now_us / 1000), table.concat({ARGV[5], h[5] or 0, h[6] or 0}, ':'))
end
local start = now_us
local count, period = string.match(redis.call('HGET', KEYS[3], 'rate') or ARGV[4], '^(%d+)/(%d+)$')
if count ~= '0' then
  local interval = math.ceil(tonumber(period) * 1000 * HEADROOM / tonumber(count))
  -- no more sends can be in line than are active: a rate just raised or a clock set back holds up nothing for longer
  local in_line = now_us + interval * redis.call('ZCARD', KEYS[4])
  start = math.max(now_us, math.min(in_line, tonumber(redis.call('HGET', KEYS[2], 'begin_us') or 0)))
  redis.call('HSET', KEYS[2], 'begin_us', string.format('%.0f', start + interval))
end
redis.call('HSET', KEYS[1], 'start_us', string.format('%.0f', start))
return start - now_us
