using Microsoft.Extensions.Options;

namespace Api;

/// <summary>Reads the settings of the configuration's sections.</summary>
static class Settings
{
    /// <summary>
    /// Binds a section of the configuration to its options. Add the rules with <c>Validate</c>, each with a sentence that
    /// names the setting and what is allowed. The program does not start while one is broken.
    /// </summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class =>
        services.AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) => Bind(configuration.GetSection(section), options))
            .ValidateOnStart();

    static void Bind(IConfigurationSection section, object options)
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            // "Failed to convert configuration value 'abc' at 'Contact:MaximumLinks' to type 'System.Int32'."
            throw new StartupFault($"{e.Message} Correct this setting.", e);
        }
    }
}
