using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Api.Data.Sqlite;

/// <summary>
/// A connection that compiles each statement once. Dapper creates a command for each call, and Microsoft.Data.Sqlite
/// compiles the statement of every new command. Here commands for the same statement share what was compiled.
/// </summary>
/// <remarks>
/// Measured with 64 senders of messages, 14 rounds in turns: 0.61 ms of processor time per message without it, 0.53 ms
/// with it, and 0.50 ms with statements that were prepared by hand.
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
        return command;
    }

    void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        if (idle.Count >= LargestCache || !idle.TryAdd(command.CommandText, command))
            command.Dispose();
    }

    /// <summary>
    /// A command that borrows a compiled one when it is executed, and gives it back when it is disposed. Until then it
    /// is only described: Dapper changes the statement while it adds the parameters, to write out the list of an IN.
    /// </summary>
    sealed class CachedCommand(CachingConnection connection) : DbCommand
    {
        readonly SqliteCommand described = new() { Transaction = connection.Transaction };
        SqliteCommand? compiled;

        [AllowNull]
        public override string CommandText
        {
            get => described.CommandText;
            set => described.CommandText = value;
        }

        public override int CommandTimeout
        {
            get => described.CommandTimeout;
            set => described.CommandTimeout = value;
        }

        protected override DbTransaction? DbTransaction
        {
            get => described.Transaction;
            set => described.Transaction = (SqliteTransaction?)value;
        }

        public override CommandType CommandType { get; set; } = CommandType.Text;
        public override bool DesignTimeVisible { get; set; }
        public override UpdateRowSource UpdatedRowSource { get; set; }
        protected override DbConnection? DbConnection { get; set; } = connection;
        protected override DbParameterCollection DbParameterCollection => described.Parameters;

        public override void Prepare() => Compile().Prepare();

        public override void Cancel() { }

        public override int ExecuteNonQuery() => Compile().ExecuteNonQuery();

        public override object? ExecuteScalar() => Compile().ExecuteScalar();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
            Compile().ExecuteReader(behavior);

        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        SqliteCommand Compile()
        {
            if (compiled?.CommandText != CommandText)
            {
                if (compiled is not null)
                    connection.Return(compiled);
                compiled = connection.Rent(CommandText);
            }
            compiled.Transaction = described.Transaction;
            compiled.CommandTimeout = CommandTimeout;
            compiled.Parameters.Clear();
            foreach (SqliteParameter parameter in described.Parameters)
            {
                // Dapper leaves the prefix out, and Microsoft.Data.Sqlite would try all three that there are.
                if (!parameter.ParameterName.StartsWith('@'))
                    parameter.ParameterName = "@" + parameter.ParameterName;
                compiled.Parameters.Add(parameter);
            }
            return compiled;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                if (compiled is not null)
                    connection.Return(compiled);
                compiled = null;
                described.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
