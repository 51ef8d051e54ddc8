using Api.Http;

namespace Api.Formats;

static class FormatServices
{
    public static void AddFormats(this IServiceCollection services)
    {
        services.AddSingleton<FormatReader>();
        services.ExposeHeader(NotExpressedHeader.Name);
    }
}
