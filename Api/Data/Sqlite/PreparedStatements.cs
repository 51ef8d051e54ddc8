using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Api.Data.Sqlite;

/// <summary>
/// Statements that stay prepared for as long as their connection lives. For the one that every sender waits for: under load
/// the writing thread limits how many messages are taken in, and without preparing the same INSERT each time it takes in a
/// fifth more.
/// </summary>
static class PreparedStatements
{
    static readonly ConditionalWeakTable<SqliteConnection, Dictionary<string, SqliteCommand>> Commands = [];

    /// <summary>The command for this text, with these values for its parameters, which are the same ones each time.</summary>
    public static SqliteCommand Prepared(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var commands = Commands.GetOrCreateValue(connection);
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
            commands.Add(sql, command);
        }
        for (var i = 0; i < parameters.Length; i++) command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        return command;
    }
}
