namespace Api.Tests;

/// <summary>What lets the same tests run on each engine.</summary>
[AnyEngine]
public sealed class EngineTests
{
    [Theory]
    [InlineData(null, false), InlineData("", false), InlineData("sqlite", false), InlineData("postgres", true)]
    public void The_environment_chooses_the_engine(string? name, bool isPostgres) =>
        Assert.Equal(isPostgres, Engine.Choose(name));

    [Fact]
    public void An_engine_that_does_not_exist_is_refused() =>
        Assert.Equal(
            "ENGINE is 'mysql': set it to sqlite or postgres.",
            Assert.Throws<InvalidOperationException>(() => Engine.Choose("mysql")).Message
        );

    [Theory]
    [InlineData("sqlite", "Total: 1, Errors: 0, Failed: 0, Skipped: 0")]
    [InlineData("postgres", "Total: 1, Errors: 0, Failed: 0, Skipped: 1")]
    [InlineData("mysql", "ENGINE is 'mysql': set it to sqlite or postgres.")]
    public async Task A_test_of_SQLite_alone_is_skipped_on_another_engine(string engine, string result)
    {
        var output = await RunTestsAsync(engine, "-class", typeof(SqliteExample).FullName!);
        Assert.Contains(result, output, StringComparison.Ordinal);
        Assert.Equal(engine == "postgres", output.Contains("SQLite only: An example", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Engine=sqlite", typeof(SqliteExample))]
    [InlineData("Engine=any", typeof(EngineTests))]
    public async Task A_filter_leaves_out_the_tests_of_a_trait(string trait, Type tests)
    {
        var output = await RunTestsAsync("sqlite", "-class", tests.FullName!, "-trait-", trait);
        Assert.Contains("Total: 0", output, StringComparison.Ordinal);
    }

    static async Task<string> RunTestsAsync(string engine, params string[] args)
    {
        var tests = Path.ChangeExtension(typeof(EngineTests).Assembly.Location, null);
        string[] command = [$"ENGINE={engine}", tests, "-noColor", "-reporter", "verbose", .. args];
        await using var run = new ChildProcess(Tools.Need("env")[0], AppContext.BaseDirectory, command);
        await run.ExitAsync();
        return run.Log;
    }
}

[SqliteOnly("An example")]
public sealed class SqliteExample
{
    [Fact]
    public void It_runs_on_SQLite_only() => Assert.False(Engine.IsPostgres);
}
