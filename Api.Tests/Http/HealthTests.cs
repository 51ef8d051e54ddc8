namespace Api.Tests.Http;

public sealed class HealthTests
{
    [Fact]
    public async Task A_healthy_service_says_so()
    {
        await using var api = await ApiFactory.StartAsync();
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/live"));
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));
    }

    [Fact]
    public async Task It_is_live_but_not_ready_while_a_migration_is_missing()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync(
            "DELETE FROM SchemaVersions WHERE ScriptName = (SELECT max(ScriptName) FROM SchemaVersions)"
        );
        using var response = await api.Client.GetAsync("/health/ready");
        await JsonAssert.ProblemAsync(
            response,
            503,
            "busy",
            "The database lacks a migration: run the migrate command."
        );
        await api.GetAsync("/health/live");
    }

    [Fact]
    public async Task It_is_live_but_not_ready_while_the_database_does_not_answer()
    {
        await using var api = await ApiFactory.StartAsync();
        if (Engine.IsPostgres)
            Engine.DropDatabases(api.Folder.Path);
        else
            await api.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(api.Folder.Path))
            File.Delete(file);
        using var response = await api.Client.GetAsync("/health/ready");
        await JsonAssert.ProblemAsync(response, 503, "busy", "The database does not answer.");
        await api.GetAsync("/health/live");
    }

    [Fact]
    public async Task It_stays_ready_after_a_newer_program_has_migrated_the_database()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync(
            "INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_later.sql', '2027-01-01')"
        );
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));
    }
}
