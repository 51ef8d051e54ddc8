namespace Api.Audit;

static class AuditServices
{
    public static void AddAudit(this IServiceCollection services)
    {
        services.AddSettings<AuditOptions>("Audit").ValidateAll(audit => audit.FindMistakes());
        services.AddSingleton<AuditStore>();
        services.AddHostedService<AuditHousekeeping>();
    }
}
