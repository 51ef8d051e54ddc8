#:sdk Microsoft.NET.Sdk.Web
#:package Microsoft.Data.Sqlite@11.0.0
#:package Npgsql@10.0.3
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property ServerGarbageCollection=false

// The least that a program must do for the same answers: Kestrel, routing, bytes from memory, and for a message one
// durable commit. No logging, no other middleware.
//
//   baseline --urls http://127.0.0.1:5000 --files FOLDER [--database FILE | --postgres CONNECTION]
//
// FOLDER/v1/hours/index.json is what /v1/hours answers. FILE or CONNECTION is a migrated database with locations in it.

using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Npgsql;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
var app = builder.Build();

var folder = app.Configuration["files"]!;
foreach (var file in Directory.EnumerateFiles(folder, "index.json", SearchOption.AllDirectories))
{
    var body = File.ReadAllBytes(file);
    app.MapGet(
        "/" + Path.GetRelativePath(folder, Path.GetDirectoryName(file)!),
        (RequestDelegate)(
            http =>
            {
                http.Response.ContentType = "application/json; charset=utf-8";
                http.Response.ContentLength = body.Length;
                return http.Response.Body.WriteAsync(body).AsTask();
            }
        )
    );
}

if (app.Configuration["database"] is { } database)
{
    var connectionString = new SqliteConnectionStringBuilder { DataSource = database, Pooling = true }.ToString();
    using (var connection = new SqliteConnection(connectionString))
    {
        connection.Open();
        using var wal = connection.CreateCommand();
        wal.CommandText = "PRAGMA journal_mode = WAL";
        wal.ExecuteNonQuery();
    }

    app.MapPost(
        "/v1/contact-submissions",
        async (Submission submission) =>
        {
            var receipt = new Receipt(RandomNumberGenerator.GetHexString(12), DateTime.UtcNow, submission.Location);
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync();
            await using var insert = connection.CreateCommand();
            insert.CommandText = """
                PRAGMA busy_timeout = 5000;
                PRAGMA synchronous = FULL;
                INSERT INTO submissions_in_clear (reference, location_id, name, email, telephone, preferred_contact, message, consent,
                                         received_at)
                SELECT $reference, id, $name, $email, $telephone, $preferredContact, $message, $consent, $receivedAt
                FROM locations
                WHERE slug = $location
                """;
            insert.Parameters.AddWithValue("$reference", receipt.Reference);
            insert.Parameters.AddWithValue("$name", submission.Name);
            insert.Parameters.AddWithValue("$email", (object?)submission.Email ?? DBNull.Value);
            insert.Parameters.AddWithValue("$telephone", (object?)submission.Telephone ?? DBNull.Value);
            insert.Parameters.AddWithValue("$preferredContact", submission.PreferredContact);
            insert.Parameters.AddWithValue("$message", submission.Message);
            insert.Parameters.AddWithValue("$consent", submission.Consent);
            insert.Parameters.AddWithValue("$receivedAt", receipt.ReceivedAt.ToString("O"));
            insert.Parameters.AddWithValue("$location", submission.Location);
            await insert.ExecuteNonQueryAsync();
            return Results.Json(receipt, statusCode: 201);
        }
    );
}

if (app.Configuration["postgres"] is { } postgres)
{
    // The same pool as the API's.
    var source = NpgsqlDataSource.Create("Maximum Pool Size=30;Max Auto Prepare=100;" + postgres);
    app.MapPost(
        "/v1/contact-submissions",
        async (Submission submission) =>
        {
            var receipt = new Receipt(RandomNumberGenerator.GetHexString(12), DateTime.UtcNow, submission.Location);
            await using var insert = source.CreateCommand(
                """
                INSERT INTO submissions_in_clear (reference, location_id, name, email, telephone, preferred_contact,
                                                  message, consent, received_at)
                SELECT $1, id, $2, $3, $4, $5, $6, $7, $8
                FROM locations
                WHERE slug = $9
                """
            );
            foreach (
                var value in new object?[]
                {
                    receipt.Reference,
                    submission.Name,
                    submission.Email,
                    submission.Telephone,
                    submission.PreferredContact,
                    submission.Message,
                    submission.Consent,
                    receipt.ReceivedAt.ToString("O"),
                    submission.Location,
                }
            )
                insert.Parameters.Add(
                    new NpgsqlParameter
                    {
                        Value = value ?? DBNull.Value,
                        NpgsqlDbType = value is bool ? NpgsqlTypes.NpgsqlDbType.Boolean : NpgsqlTypes.NpgsqlDbType.Text,
                    }
                );
            await insert.ExecuteNonQueryAsync();
            return Results.Json(receipt, statusCode: 201);
        }
    );
}

app.Run();

record Submission(
    string Name,
    string? Email,
    string? Telephone,
    string PreferredContact,
    string Location,
    string Message,
    bool Consent
);

record Receipt(string Reference, DateTime ReceivedAt, string Location);
