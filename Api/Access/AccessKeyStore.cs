using Api.Audit;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Access;

/// <summary>What is stored about a key. Not the key.</summary>
sealed record StoredKey
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The slugs of the locations that it is confined to; <c>null</c>: all.</summary>
    public required IReadOnlyList<string>? Locations { get; init; }

    public required Instant CreatedAt { get; init; }
    public required Instant? ExpiresAt { get; init; }

    /// <summary>The last day in UTC on which it was used.</summary>
    public required LocalDate? LastUsedOn { get; init; }

    public required Instant? RevokedAt { get; init; }

    public Caller ToCaller() =>
        new()
        {
            Id = $"key:{Id}",
            Name = Name,
            Grants = [.. Roles.Select(role => new Grant(Enum.Parse<Role>(role, ignoreCase: true), Locations))],
            ExpiresAt = ExpiresAt,
        };
}

/// <summary>Stores keys as hashes.</summary>
sealed class AccessKeyStore(Database db, AuditStore audit)
{
    const string Columns = "id, name, roles, locations, created_at, expires_at, last_used_on, revoked_at";

    /// <summary>Adds a key.</summary>
    /// <param name="key">What is stored about it.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="actor">Who creates it.</param>
    public Task AddAsync(StoredKey key, byte[] hash, Actor actor, CancellationToken ct) =>
        audit.WriteAsync(
            async (connection, deeds) =>
            {
                deeds.Add(new Deed(actor, AuditAction.KeyCreated, Details: $"key:{key.Id}"));
                return await connection.ExecuteAsync(
                    """
                    INSERT INTO access_keys (id, hash, name, roles, locations, created_at, expires_at)
                    VALUES (@Id, @hash, @Name, @Roles, @Locations, @CreatedAt, @ExpiresAt)
                    """,
                    new
                    {
                        key.Id,
                        hash,
                        key.Name,
                        key.Roles,
                        key.Locations,
                        key.CreatedAt,
                        key.ExpiresAt,
                    }
                );
            },
            ct
        );

    /// <summary>A key by its hash, also one that has expired or was revoked; <c>null</c> if there is none.</summary>
    public Task<StoredKey?> FindAsync(byte[] hash, CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.QuerySingleOrDefaultAsync<StoredKey>(
                    new CommandDefinition(
                        $"SELECT {Columns} FROM access_keys WHERE hash = @hash",
                        new { hash },
                        cancellationToken: ct
                    )
                ),
            ct
        );

    /// <summary>All keys, in the order in which they were created.</summary>
    public Task<IReadOnlyList<StoredKey>> ListAsync(CancellationToken ct) =>
        db.ReadAsync<IReadOnlyList<StoredKey>>(
            async connection =>
                [
                    .. await connection.QueryAsync<StoredKey>(
                        new CommandDefinition(
                            $"SELECT {Columns} FROM access_keys ORDER BY created_at, id",
                            cancellationToken: ct
                        )
                    ),
                ],
            ct
        );

    /// <returns>False when there is no such key, or it was revoked before.</returns>
    public Task<bool> RevokeAsync(string id, Instant now, Actor actor, CancellationToken ct) =>
        audit.WriteAsync(
            async (connection, deeds) =>
            {
                var revoked = await connection.ExecuteAsync(
                    "UPDATE access_keys SET revoked_at = @now WHERE id = @id AND revoked_at IS NULL",
                    new { id, now }
                );
                if (revoked == 1)
                    deeds.Add(new Deed(actor, AuditAction.KeyRevoked, Details: $"key:{id}"));
                return revoked == 1;
            },
            ct
        );

    /// <summary>Remembers the day of the last use.</summary>
    public Task RememberUseAsync(string id, LocalDate today, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    "UPDATE access_keys SET last_used_on = @today WHERE id = @id",
                    new { id, today }
                ),
            ct
        );
}
