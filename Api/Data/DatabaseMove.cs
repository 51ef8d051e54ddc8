using System.Buffers.Binary;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Api.Data.Postgres;
using Api.Data.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Api.Data;

/// <summary>Copies everything from a SQLite database into an empty PostgreSQL database: all of it, or nothing.</summary>
sealed class DatabaseMove(PostgresDatabase target, Migrator migrator)
{
    /// <summary>
    /// The tables that are copied, each after those that it refers to. The full-text index is made anew, and the
    /// version of the content is the target's own.
    /// </summary>
    public static readonly IReadOnlyList<string> Tables =
    [
        "locations",
        "weekly_hours",
        "weekly_periods",
        "hours_exceptions",
        "hours_exception_periods",
        "articles",
        "article_tags",
        "submissions_in_clear",
        "submissions",
        "submission_notes",
        "erased_submissions",
        "erasure_counts",
        "redeemed_challenges",
        "outbox",
        "disabled_webhooks",
        "acknowledged_addresses",
        "access_keys",
        "audit_entries",
    ];

    /// <summary>Copies the database.</summary>
    /// <param name="folder">The folder of the SQLite database, which no program may have open.</param>
    /// <param name="finish">Work on the copy that commits together with it.</param>
    /// <param name="ct">Stops the copying; nothing is changed then.</param>
    /// <returns>The number of rows of each table.</returns>
    /// <exception cref="StartupFault">
    /// There is no SQLite database, it is in use or lacks a migration, the target is not empty, or a copy differs.
    /// </exception>
    public async Task<IReadOnlyList<(string Table, long Rows)>> RunAsync(
        string folder,
        Func<DbConnection, Task> finish,
        CancellationToken ct
    )
    {
        var file = Path.Combine(folder, "clinic.db");
        if (!File.Exists(file))
            throw new StartupFault($"There is no database at {file}: name the folder of the SQLite database.");
        using (var files = new DatabaseFiles(file))
            files.Open(create: false);
        // A message that arrives after its table was copied would be lost.
        using var sourceLock =
            new DatabaseFiles(file).TryLockForRestore()
            ?? throw new StartupFault($"{file} is in use: stop the program first.");

        await using var source = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ToString()
        );
        await source.OpenAsync(ct);
        await RequireUpToDateAsync(source, file);

        migrator.Migrate();
        return await target.WriteAsync(
            async connection =>
            {
                var copy = (NpgsqlConnection)connection;
                await RequireEmptyAsync(copy);
                List<(string, long)> rows = [];
                foreach (var table in Tables)
                    rows.Add((table, await TryCopyAsync(source, copy, table, ct)));
                await finish(copy);
                return rows;
            },
            ct
        );
    }

    static async Task RequireUpToDateAsync(SqliteConnection source, string file)
    {
        IEnumerable<string> journal;
        try
        {
            journal = await source.QueryAsync<string>("SELECT ScriptName FROM SchemaVersions");
        }
        catch (SqliteException e)
        {
            throw new StartupFault($"{file} is not a database of this program. ({e.Message})", e);
        }
        var scripts = Migrator.ListScripts("sqlite").Select(script => script.Name);
        if (!scripts.ToHashSet(StringComparer.Ordinal).SetEquals(journal))
            throw new StartupFault(
                $"{file} has another schema than this program: run its migrate command on it first, with the same "
                    + "version of the program."
            );
    }

    async Task RequireEmptyAsync(NpgsqlConnection connection)
    {
        foreach (var table in Tables)
        {
            await target.BlockWritersAsync(connection, table);
            if (await connection.ExecuteScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {table})"))
                throw new StartupFault(
                    $"The database {target.Name} is not empty: {table} has rows. Nothing was copied; create an empty "
                        + "database and name it in Database:ConnectionString."
                );
        }
    }

    static async Task<long> TryCopyAsync(
        SqliteConnection source,
        NpgsqlConnection copy,
        string table,
        CancellationToken ct
    )
    {
        try
        {
            return await CopyAsync(source, copy, table, ct);
        }
        catch (PostgresException e) when (PostgresFaults.IsRefusedValue(e))
        {
            throw new StartupFault(
                $"PostgreSQL refuses a row of {table}, so nothing was copied: correct it in the SQLite database. "
                    + $"({e.MessageText})",
                e
            );
        }
    }

    static async Task<long> CopyAsync(
        SqliteConnection source,
        NpgsqlConnection copy,
        string table,
        CancellationToken ct
    )
    {
        var columns = (
            await copy.QueryAsync<Column>(
                """
                SELECT column_name AS name, data_type AS type, is_identity = 'YES' AS is_identity
                FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = @table
                ORDER BY ordinal_position
                """,
                new { table }
            )
        ).AsList();
        var names = string.Join(", ", columns.Select(column => column.Name));
        var select = $"SELECT {names} FROM {table}";

        var sent = new Checksum();
        await using (var reader = await source.ExecuteReaderAsync(select))
        await using (
            var writer = await copy.BeginBinaryImportAsync($"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", ct)
        )
        {
            while (await reader.ReadAsync(ct))
            {
                await writer.StartRowAsync(ct);
                object?[] row = [.. columns.Select((column, index) => column.Convert(reader, index))];
                sent.Add(row);
                foreach (var (column, value) in columns.Zip(row))
                {
                    if (value is null)
                        await writer.WriteNullAsync(ct);
                    else
                        await writer.WriteAsync(value, column.DbType, ct);
                }
            }
            await writer.CompleteAsync(ct);
        }

        var stored = new Checksum();
        await using (var reader = await copy.ExecuteReaderAsync(select))
        {
            while (await reader.ReadAsync(ct))
                stored.Add([.. columns.Select((_, index) => reader.IsDBNull(index) ? null : reader.GetValue(index))]);
        }
        if ((sent.Rows, sent.Sum) != (stored.Rows, stored.Sum))
            throw new StartupFault($"The copy of {table} differs from the original, so nothing was copied.");
        if (columns.Find(column => column.IsIdentity) is { Name: var id })
            await copy.ExecuteAsync(
                $"SELECT setval(pg_get_serial_sequence('{table}', '{id}'), max({id})) FROM {table}"
            );
        return sent.Rows;
    }

    sealed record Column
    {
        public required string Name { get; init; }
        public required string Type { get; init; }
        public required bool IsIdentity { get; init; }

        public NpgsqlDbType DbType =>
            Type switch
            {
                "bigint" => NpgsqlDbType.Bigint,
                "boolean" => NpgsqlDbType.Boolean,
                "double precision" => NpgsqlDbType.Double,
                "bytea" => NpgsqlDbType.Bytea,
                _ => NpgsqlDbType.Text,
            };

        /// <summary>A value of SQLite as the column's type.</summary>
        public object? Convert(DbDataReader reader, int index)
        {
            if (reader.IsDBNull(index))
                return null;
            return DbType switch
            {
                NpgsqlDbType.Bigint => reader.GetInt64(index),
                NpgsqlDbType.Boolean => reader.GetBoolean(index),
                NpgsqlDbType.Double => reader.GetDouble(index),
                NpgsqlDbType.Bytea => reader.GetFieldValue<byte[]>(index),
                _ => reader.GetString(index),
            };
        }
    }

    /// <summary>The number of rows, and the sum of their digests, which does not depend on their order.</summary>
    sealed class Checksum
    {
        public long Rows { get; private set; }

        public UInt128 Sum { get; private set; }

        public void Add(object?[] row)
        {
            Rows++;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var value in row)
            {
                var bytes = value switch
                {
                    null => [],
                    byte[] binary => binary,
                    IFormattable formattable => Encoding.UTF8.GetBytes(
                        formattable.ToString(null, CultureInfo.InvariantCulture)
                    ),
                    _ => Encoding.UTF8.GetBytes(value.ToString()!),
                };
                hash.AppendData([value is null ? (byte)0 : (byte)1, .. BitConverter.GetBytes(bytes.Length)]);
                hash.AppendData(bytes);
            }
            Sum += BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());
        }
    }
}
