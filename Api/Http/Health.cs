using Api.Data;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Http;

/// <summary>The health of the service.</summary>
/// <param name="Status">Always <c>ok</c>. A service that is not healthy answers with a problem.</param>
public sealed record HealthReport(string Status);

static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes
            .MapGroup("/health")
            .WithTag("Health", "Whether the program runs, and whether it can take messages and deliver them.")
            .WithProblems(ProblemTypes.Fault);
        health.MapGet("/live", Live).WithName("getLiveness");
        health.MapGet("/ready", ReadyAsync).WithName("getReadiness");
    }

    /// <summary>Check that the program runs</summary>
    /// <remarks>For a supervisor that restarts the program. It checks nothing else.</remarks>
    static Ok<HealthReport> Live(HttpContext http) => Ok(http);

    /// <summary>Check that the service can store messages</summary>
    /// <remarks>
    /// For a load balancer. Answers 503 when a message could not be stored now: the database does not answer, lacks a
    /// migration, was moved or deleted, cannot be written to or has no room left, or the keys are missing. `detail`
    /// says which.
    /// </remarks>
    static async Task<Results<Ok<HealthReport>, Problem<Problems.Busy>>> ReadyAsync(
        Migrator migrator,
        Database db,
        Keys keys,
        HttpContext http,
        CancellationToken ct
    )
    {
        try
        {
            if (!await migrator.IsUpToDateAsync(ct))
                return new Problem<Problems.Busy>(ProblemText.Get("DatabaseOutdated"));
            var fault = keys.AreUsable() ? await db.FindFaultAsync(ct) : StorageFault.KeysMissing;
            return fault is null ? Ok(http) : new Problem<Problems.Busy>(ProblemText.Get($"Storage{fault}"));
        }
        catch (StorageException)
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
