using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Api.Data.Sqlite;

/// <summary>
/// A connection that compiles each statement once. Dapper creates a command for each call, and Microsoft.Data.Sqlite compiles
/// the statement of every new command. Here commands for the same statement share what was compiled.
/// </summary>
/// <remarks>
/// Measured with 64 senders of messages, 14 rounds in turns: 0.61 ms of processor time per message without it, 0.53 ms with
/// it, and 0.50 ms with statements that were prepared by hand.
/// </remarks>
sealed class CachingConnection(string connectionString) : SqliteConnection(connectionString)
{
    const int LargestCache = 200;

    readonly Dictionary<string, SqliteCommand> idle = [];

    protected override DbCommand CreateDbCommand() => new CachedCommand(this);

    SqliteCommand Rent(string sql)
    {
        if (!idle.Remove(sql, out var command))
        {
            command = CreateCommand();
            command.CommandText = sql;
        }
        command.Transaction = Transaction;
        return command;
    }

    void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        if (idle.Count >= LargestCache || !idle.TryAdd(command.CommandText, command)) command.Dispose();
    }

    /// <summary>Borrows a command of the connection as soon as its statement is known, and gives it back when it is disposed.</summary>
    sealed class CachedCommand(CachingConnection connection) : DbCommand
    {
        SqliteCommand command = connection.Rent("");

        [AllowNull]
        public override string CommandText
        {
            get => command.CommandText;
            set
            {
                if (value == command.CommandText) return;
                // Dapper writes out the list of an IN only after it has added the parameters.
                SqliteParameter[] parameters = [.. command.Parameters.Cast<SqliteParameter>()];
                connection.Return(command);
                command = connection.Rent(value ?? "");
                command.Parameters.AddRange(parameters);
            }
        }

        public override int CommandTimeout
        {
            get => command.CommandTimeout;
            set => command.CommandTimeout = value;
        }

        public override CommandType CommandType { get; set; } = CommandType.Text;
        public override bool DesignTimeVisible { get; set; }
        public override UpdateRowSource UpdatedRowSource { get; set; }
        protected override DbConnection? DbConnection { get; set; } = connection;

        protected override DbTransaction? DbTransaction
        {
            get => command.Transaction;
            set => command.Transaction = (SqliteTransaction?)value;
        }

        protected override DbParameterCollection DbParameterCollection => command.Parameters;

        public override void Prepare() => command.Prepare();

        public override void Cancel()
        {
        }

        public override int ExecuteNonQuery() => command.ExecuteNonQuery();

        public override object? ExecuteScalar() => command.ExecuteScalar();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => command.ExecuteReader(behavior);

        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        protected override void Dispose(bool disposing)
        {
            if (disposing) connection.Return(command);
            base.Dispose(disposing);
        }
    }
}
