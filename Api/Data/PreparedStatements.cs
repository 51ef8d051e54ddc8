using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Api.Data;

/// <summary>
/// Statements that stay prepared for as long as their connection lives. For the one that every sender waits for: under load
/// the writing thread limits how many messages are taken in, and without preparing the same INSERT each time it takes in a
/// fifth more.
/// </summary>
static class PreparedStatements
{
    static readonly ConditionalWeakTable<SqliteConnection, Dictionary<string, SqliteCommand>> Commands = [];

    /// <summary>The command for this text, with these parameters in place of those it had.</summary>
    public static SqliteCommand Prepared(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var commands = Commands.GetOrCreateValue(connection);
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            commands.Add(sql, command);
        }
        command.Parameters.Clear();
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
