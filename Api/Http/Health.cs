using Api.Data;
using Api.Outbox;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Data.Sqlite;

namespace Api.Http;

/// <summary>Whether the service is well.</summary>
/// <param name="Status">Always <c>ok</c>: what is not well is answered with a problem.</param>
public sealed record HealthReport(string Status);

static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").Answers(ProblemTypes.Fault);
        health.MapGet("/live", Live).WithName("getLiveness");
        health.MapGet("/ready", ReadyAsync).WithName("getReadiness");
        health.MapGet("/outbox", OutboxHealth.GetAsync).WithName("getOutboxHealth");
    }

    /// <summary>Tells whether the program runs</summary>
    /// <remarks>For a supervisor that restarts it. Nothing else is looked at.</remarks>
    static Ok<HealthReport> Live(HttpContext http) => Ok(http);

    /// <summary>Tells whether the service can do its work</summary>
    /// <remarks>
    /// For a load balancer: 503 when a message that came now could not be stored. The database does not answer, lacks a migration, was moved or
    /// deleted, cannot be written to or has no room left; or the keys are missing. `detail` says which.
    /// </remarks>
    static async Task<Results<Ok<HealthReport>, Problem<Problems.Busy>>> ReadyAsync(Migrator migrator, Database db, Keys keys, HttpContext http, CancellationToken ct)
    {
        try
        {
            if (!await migrator.IsUpToDateAsync(ct)) return new Problem<Problems.Busy>(ProblemText.Get("DatabaseOutdated"));
            var fault = keys.AreUsable() ? await db.FindFaultAsync(ct) : StorageFault.KeysMissing;
            return fault is null ? Ok(http) : new Problem<Problems.Busy>(ProblemText.Get($"Storage{fault}"));
        }
        catch (StartupFault)
        {
            return new Problem<Problems.Busy>(ProblemText.Get("DatabaseNewer"));
        }
        catch (SqliteException)
        {
            return new Problem<Problems.Busy>(ProblemText.Get("DatabaseSilent"));
        }
    }

    static Ok<HealthReport> Ok(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new HealthReport("ok"));
    }
}
