using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Data;

/// <summary>
/// The terms of texts in full-text search, as SQLite's FTS5 makes them: split, in lower case, without diacritics and
/// stemmed. An index on another engine that is made of them finds the same. They come from a database in memory.
/// </summary>
sealed class SearchTerms : IDisposable
{
    readonly Lock gate = new();
    readonly SqliteConnection connection = new("Data Source=:memory:");

    public SearchTerms()
    {
        connection.Open();
        // The tokenizer of the migration that made the index of SQLite.
        connection.Execute(
            """
            CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'porter unicode61 remove_diacritics 2');
            CREATE VIRTUAL TABLE terms USING fts5vocab (texts, instance);
            """
        );
    }

    /// <summary>The terms of each text, in the order of the text.</summary>
    public ILookup<int, string> Split(IReadOnlyList<string> texts)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(
                "INSERT INTO texts (rowid, text) VALUES (@i, @text)",
                texts.Select((text, i) => new { i, text }),
                transaction
            );
            // Nothing is kept.
            return connection
                .Query<(int Text, string Term)>(
                    "SELECT doc, term FROM terms ORDER BY doc, offset",
                    transaction: transaction
                )
                .ToLookup(row => row.Text, row => row.Term);
        }
    }

    public void Dispose() => connection.Dispose();
}
