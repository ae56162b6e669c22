"""The atomic Lua scripts of the request store. All keys come from `attrai_shared.keys`."""

ADMIT = """
local message, live, user, record, bytes, day, day_users, day_salt = unpack(KEYS)
local now, of_user, of_all, of_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local request_id, deadline, reserved, mark_ms = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local kept_ms, new_salt, salt_ms = ARGV[9], ARGV[10], ARGV[11]
local earlier = redis.call('GET', message)
if earlier then return {'earlier', earlier} end
if redis.call('ZCOUNT', user, '(' .. now, '+inf') >= of_user then return {'quota_exceeded'} end
local stored = tonumber(redis.call('GET', bytes) or '0')
if redis.call('ZCOUNT', live, '(' .. now, '+inf') >= of_all or stored + reserved > of_bytes then return {'busy'} end
redis.call('ZADD', live, deadline, request_id)
redis.call('ZADD', user, deadline, request_id)
redis.call('HSET', record, unpack(ARGV, 12))
redis.call('INCRBY', bytes, reserved)
redis.call('SET', message, request_id, 'PX', mark_ms)
redis.call('HINCRBY', day, 'photos', 1)
redis.call('SET', day_salt, new_salt, 'NX', 'PX', salt_ms)
redis.call('PFADD', day_users, redis.sha1hex(redis.call('GET', day_salt) .. user))
redis.call('PEXPIRE', day, kept_ms)
redis.call('PEXPIRE', day_users, kept_ms)
local ahead = redis.call('ZCOUNT', live, '(' .. now, '(' .. deadline)
return {'admitted', redis.call('ZCOUNT', user, '(' .. now, '+inf'), ahead, stored}
"""
"""Admits and counts a request, unless its message was admitted before, the user has too many, or there is no room."""

NOTE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""
"""Sets one field of a live request."""

CLAIM = """
local answered, replying, record = unpack(KEYS)
local owner, lease_ms, recorded_only = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', answered) == 1 then return 'answered' end
if recorded_only == '1' and redis.call('EXISTS', record) == 0 then return 'answered' end
local holder = redis.call('GET', replying)
if holder and holder ~= owner then return 'held' end
redis.call('SET', replying, owner, 'PX', lease_ms)
return 'won'
"""
"""Leases the claim to `owner`, or renews the lease."""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Releases the claim, if `owner` still holds it."""

SETTLE = """
local live, bytes, user, record, attempts, replying, answered, day = unpack(KEYS)
local request_id, mark_ms, kept_ms = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', answered) == 0 and #ARGV > 3 then
  for n = 4, #ARGV do redis.call('HINCRBY', day, ARGV[n], 1) end
  redis.call('PEXPIRE', day, kept_ms)
end
local reserved = redis.call('HGET', record, 'bytes')
if reserved then redis.call('DECRBY', bytes, reserved) end
redis.call('ZREM', live, request_id)
redis.call('ZREM', user, request_id)
redis.call('DEL', record, attempts, replying)
redis.call('SET', answered, '1', 'PX', mark_ms)
return reserved
"""
"""Ends a request: releases what it reserved, counts its estimate, and marks it as answered. Idempotent."""

LEARN = """
local timings = KEYS[1]
local seconds, bytes, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function known(name) return tonumber(redis.call('HGET', timings, name) or '0') end
local photos = math.min(known('photos') + 1, window)
local more_seconds, more_bytes = seconds - known('seconds'), bytes - known('bytes')
local new = {
  photos = photos,
  seconds = known('seconds') + more_seconds / photos,
  bytes = known('bytes') + more_bytes / photos,
  variance = (1 - 1 / photos) * (known('variance') + more_bytes * more_bytes / photos),
  covariance = (1 - 1 / photos) * (known('covariance') + more_bytes * more_seconds / photos),
}
for name, value in pairs(new) do redis.call('HSET', timings, name, tostring(value)) end
"""
"""Moves the running means, variance and covariance of seconds and bytes towards a new measurement."""
