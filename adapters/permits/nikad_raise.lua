#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_raise - numbers of a type go on behind a serial at least. ARGV: type, serial. Answers the last serial now.
local last = tonumber(redis.call('HGET', base .. 'last', ARGV[2]) or 0)
if tonumber(ARGV[3]) > last then
	last = tonumber(ARGV[3])
	redis.call('HSET', base .. 'last', ARGV[2], last)
end
return {last}
