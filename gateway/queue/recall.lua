#!lua
-- recall - is the message known at any gateway? If not, it is this exchange's from now on (memory.h).
-- KEYS[1] the record of the message; its answer stands beside. KEYS[2] the moment since which messages of this holder are
-- remembered here, KEYS[3] what the signs of life of gateways begin with, KEYS[4] the moment when this Redis took the place
-- of one that lost its records, 0: it has just done so. ARGV: content, exchange, gateway, date of the message, difference of
-- clocks, ms for which it is remembered, 1 when it may be sent again.
-- Answers {what is known, exchange, gateway, HTTP status, answer}.
local NEW, AGAIN, OPEN, ANSWERED, UNCERTAIN, OTHER, FORGOTTEN = 0, 1, 2, 3, 4, 5, 6
local content, exchange, gateway, date, skew, span = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local repeatable = ARGV[8] == '1'

-- What is not there was never there, if a record of it would be younger than the memory and not have ended by now. The first
-- message of a sender is a little older than his memory, so the difference of clocks is in his favour there. Where records
-- were lost it is not: what he sent just before may have been done.
local function remembered()
	local since = tonumber(redis.call('GET', KEYS[2]) or 0)
	if since == 0 then
		since = now
		redis.call('SET', KEYS[2], now)
	end
	local lost = tonumber(redis.call('GET', KEYS[4]) or -1)
	if lost == 0 then
		lost = now
		redis.call('SET', KEYS[4], now)
	end
	return date >= since - skew and date >= now - span + skew and (lost < 0 or date >= lost + skew)
end

local packed = redis.call('GET', base)
local found = NEW
if packed then
	local state, whose, first, holder, status = unpack(cmsgpack.unpack(packed))
	if whose ~= content then
		return {OTHER, first, holder, 0, ''}
	end
	if state == 'answered' then
		return {ANSWERED, first, holder, status, redis.call('GET', base .. ':answer') or ''}
	end
	if state == 'open' and redis.call('EXISTS', KEYS[3] .. holder) == 1 or first == exchange then
		return {OPEN, first, holder, 0, ''}
	end
	if state ~= 'released' then
		if not repeatable then
			return {UNCERTAIN, first, holder, 0, ''}
		end
		found = AGAIN
	end
elseif not remembered() then
	if not repeatable then
		return {FORGOTTEN, '', '', 0, ''}
	end
	found = AGAIN
end
redis.call('SET', base, cmsgpack.pack({'open', content, exchange, gateway, 0}), 'PX', span)
return {found, '', '', 0, ''}
