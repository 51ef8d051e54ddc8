using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Moves the parameters, headers and responses that several operations have into the components of the document.
/// </summary>
sealed partial class SharedComponents : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var components = swaggerDoc.Components!;
        var operations = swaggerDoc.Paths.Values.SelectMany(path => path.Operations!.Values).ToArray();

        var parameters = new Pool<IOpenApiParameter>(id => new OpenApiParameterReference(id, swaggerDoc));
        foreach (var operation in operations)
        {
            var own = operation.Parameters ?? [];
            for (var i = 0; i < own.Count; i++)
            {
                var index = i;
                parameters.Add(ToName(own[i].Name!), operation, own[i], shared => own[index] = shared);
            }
        }
        components.Parameters = parameters.Share();

        // Before the responses, which contain them.
        var headers = new Pool<IOpenApiHeader>(id => new OpenApiHeaderReference(id, swaggerDoc));
        foreach (var operation in operations)
        {
            foreach (var response in operation.Responses!.Values)
            {
                var own = response.Headers ?? new Dictionary<string, IOpenApiHeader>();
                foreach (var (name, header) in own)
                    headers.Add(ToName(name), operation, header, shared => own[name] = shared);
                foreach (var content in response.Content?.Values ?? [])
                    RemoveRepeatedDescription(content.Schema, components.Schemas!);
            }
        }
        components.Headers = headers.Share();

        var responses = new Pool<IOpenApiResponse>(id => new OpenApiResponseReference(id, swaggerDoc));
        foreach (var operation in operations)
        {
            foreach (var (status, response) in operation.Responses!)
                responses.Add(
                    NameOf(status, response),
                    operation,
                    response,
                    shared => operation.Responses[status] = shared
                );
        }
        components.Responses = responses.Share();
    }

    // Swashbuckle repeats the description of a schema beside each reference to it.
    static void RemoveRepeatedDescription(IOpenApiSchema? schema, IDictionary<string, IOpenApiSchema> schemas)
    {
        if (
            schema is OpenApiSchemaReference { Reference: var reference }
            && reference.Description == schemas[reference.Id!].Description
        )
            reference.Description = null;
    }

    // By the problems that it describes, else by its status.
    static string NameOf(string status, IOpenApiResponse response)
    {
        var problems = ProblemPath().Matches(response.Description ?? "").Select(match => ToName(match.Groups[1].Value));
        return string.Join("Or", problems) is { Length: > 0 } name ? name : $"Status{status}";
    }

    static string ToName(string name) =>
        string.Concat(name.Split('-').Select(word => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..]));

    [GeneratedRegex("`/problems/([a-z-]+)`")]
    private static partial Regex ProblemPath();

    /// <summary>The uses of one kind of component.</summary>
    /// <param name="refer">Makes a reference to a component by its name.</param>
    sealed class Pool<T>(Func<string, T> refer)
        where T : IOpenApiElement
    {
        readonly List<(string Name, string Tag, T Value, Action<T> Replace)> uses = [];

        public void Add(string name, OpenApiOperation operation, T value, Action<T> replace) =>
            uses.Add((name, operation.Tags!.First().Name!, value, replace));

        /// <summary>Replaces what is used more than once by references.</summary>
        /// <returns>What they refer to.</returns>
        public Dictionary<string, T> Share()
        {
            var shared = new Dictionary<string, T>();
            foreach (var alike in uses.GroupBy(use => (use.Name, Write(use.Value))).Where(alike => alike.Count() > 1))
            {
                var (name, tag, value, _) = alike.First();
                // A parameter of the same name can mean something else to another group of operations.
                if (!shared.TryAdd(name, value) && !shared.TryAdd(name = tag + name, value))
                    continue;
                foreach (var use in alike)
                    use.Replace(refer(name));
            }
            return shared;
        }

        static string Write(T value)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            ((IOpenApiSerializable)value).SerializeAsV31(new OpenApiJsonWriter(text));
            // A problem that differs only in the address of its example is the same.
            return Instance().Replace(text.ToString(), "");
        }
    }

    [GeneratedRegex("\"instance\": \"[^\"]*\"")]
    private static partial Regex Instance();
}
