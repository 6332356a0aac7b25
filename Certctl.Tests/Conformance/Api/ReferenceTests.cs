using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Rest.Endpoints.Protocols;
using Certctl.Tests.Architecture;
using Certctl.Tests.Conformance.Api.Access;
using Json.Schema;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>The OpenAPI document: it is the committed one, it names every route, and what the routes answer is what it says.</summary>
public sealed partial class ReferenceTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Document = "docs/openapi.json";
    private const string Reference = "/openapi/v1.json";

    // The complete list of what needs no key: devices and relying parties have none, and the rest says only how to authenticate and whether
    // the server is up.
    private static readonly string[] Open =
        [
            "GET /api/v1/auth/info", "GET /api/v1/version", "GET /health", "GET /ready", "devices /.well-known/est",
            "devices /.well-known/est-mtls", "devices /.well-known/pki",
            "devices /certsrv/mscep/mscep.dll", "devices /cgi-bin/pkiclient.exe", "devices /scep", "devices /scep-mtls",
        ];

    [Fact]
    public async Task The_committed_document_is_what_the_server_says()
    {
        var served = await server.TextAsync(Reference);
        if (Environment.GetEnvironmentVariable("CERTCTL_TEST_UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(SourceTree.PathOf(Document), served);
        Assert.True(SourceTree.Read(Document) == served,
            $"{Document} is not what {Reference} says; CERTCTL_TEST_UPDATE_DOCS=1 writes it anew, the difference is a matter for review.");
        await server.SendAsync(HttpMethod.Get, Reference, null, HttpStatusCode.Unauthorized);
    }

    [Fact]
    [Trait("Conformance", "A-6")]
    public async Task Every_route_is_documented_and_asks_for_a_role()
    {
        await using var app = BuildBeside(scep: true);
        var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>().ToList();
        Assert.True(routes.Count > 10);

        var documented = Operations(JsonNode.Parse(await server.TextAsync(Reference))!).Select(operation => operation.Name).ToList();
        Assert.Equal(
            routes.SelectMany(Names).Where(name => name.Contains(" /api/", StringComparison.Ordinal)
                || name is "GET /health" or "GET /ready").Append("GET /metrics").Order(), documented.Order());
        var open = routes.Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || route.Metadata.GetOrderedMetadata<IAuthorizeData>().Count == 0).SelectMany(Names);
        Assert.Equal(
            Open,
            open.Select(name => DeviceEndpoint().IsMatch(name) ? "devices " + DeviceEndpoint().Match(name).Groups[1].Value : name)
                .Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("Conformance", "A-6")]
    public async Task Each_operation_says_who_may_and_what_can_go_wrong_and_has_its_line_in_the_table_of_access()
    {
        var document = JsonNode.Parse(await server.TextAsync(Reference))!;
        Assert.StartsWith("3.1", document["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        var tried = AccessTests.Routes.Select(row => $"{row[0]} {AccessTests.Template((string)row[1])}").ToHashSet();
        foreach (var (name, operation) in Operations(document))
        {
            Assert.False(string.IsNullOrWhiteSpace(operation["summary"]?.GetValue<string>()), name);
            Assert.Contains(operation["responses"]!.AsObject(), response => response.Key.StartsWith('2'));
            Assert.True((Open.Contains(name) || name == "GET /metrics") == (operation["security"] is null), name);
            if (operation["security"] is null)
                continue;
            Assert.Contains("Role: ", operation["description"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.True(tried.Contains(name), $"{name} has no line in AccessTests.Routes.");
        }
    }

    [Fact]
    public async Task Each_body_and_each_parameter_has_an_example_that_agrees_with_its_schema()
    {
        var document = JsonNode.Parse(await server.TextAsync(Reference))!;
        foreach (var (name, operation) in Operations(document))
        {
            foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
            {
                var schema = parameter!["schema"]!;
                if (parameter["example"] is { } example)
                    Agrees(document, $"{name} {parameter["name"]}", schema, example.ToJsonString());
                else
                    Assert.True(
                        schema["enum"] is not null || (string?)schema["type"] is "integer" or "boolean",
                        $"{name}: {parameter["name"]} has no example.");
            }

            foreach (var (media, content) in operation["responses"]!.AsObject().Select(response => response.Value!["content"])
                .Append(operation["requestBody"]?["content"]).SelectMany(bodies => bodies?.AsObject() ?? []))
            {
                var schema = content!["schema"]!;
                var example = (string?)schema["$ref"] is { } reference
                    ? document["components"]!["schemas"]![reference.Split('/')[^1]]!["examples"]?[0]
                    : content["example"];
                Assert.True(example is not null || media == "application/pkix-cert", $"{name}: {media} has no example.");
                if (example is not null)
                    Agrees(document, $"{name} {media}", schema, example.ToJsonString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(AccessTests.Routes), MemberType = typeof(AccessTests))]
    [Trait("Conformance", "A-7")]
    public async Task What_a_route_answers_is_what_the_document_says(
        string method, string path, string role, HttpStatusCode status, string otherMethod)
    {
        _ = (role, otherMethod);
        var document = JsonNode.Parse(await server.TextAsync(Reference))!;
        var (media, body) = await server.AnswerAsync(HttpMethod.Parse(method), path, status);
        Agrees(document, $"{method} {AccessTests.Template(path)}", (int)status, media, body);
        var (refusal, problem) = await server.AnswerAsync(HttpMethod.Parse(method), path + "?no-such-filter=1", HttpStatusCode.BadRequest);
        Agrees(document, $"{method} {AccessTests.Template(path)}", 400, refusal, problem);
    }

    /// <summary>An answer is what the document says of this operation and status.</summary>
    internal static void Agrees(JsonNode document, string name, int status, string media, string body)
    {
        var operation = Operations(document).Single(operation => operation.Name == name).Operation;
        var response = operation["responses"]![$"{status}"];
        Assert.True(response is not null, $"{name} does not document {status}.");
        if (status == 204)
        {
            Assert.Equal("", body);
            return;
        }

        var content = response["content"]?[media];
        Assert.True(content is not null, $"{name}: {status} is not documented as {media}.");
        if (media is not ("application/json" or "application/problem+json"))
            return;

        Agrees(document, $"{name} {status}", content["schema"]!, body);
    }

    private static void Agrees(JsonNode document, string what, JsonNode of, string body)
    {
        // The schema may refer to others: all of them go with it.
        var schema =
            new JsonObject { ["$defs"] = document["components"]!["schemas"]!.DeepClone(), ["allOf"] = new JsonArray(of.DeepClone()) };
        var verdict = JsonSchema.FromText(schema.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal))
            .Evaluate(JsonDocument.Parse(body).RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        var errors = (verdict.Details ?? []).Where(detail => detail.Errors is not null)
            .Select(detail => $"{detail.InstanceLocation}: {string.Join(", ", detail.Errors!.Values)}");
        Assert.True(verdict.IsValid, $"{what}: {body}\n{string.Join('\n', errors)}");
    }

    internal static IEnumerable<(string Name, JsonNode Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where operation.Key != "parameters"
        select ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!);

    [Fact]
    public async Task Each_body_that_is_not_of_its_schema_is_a_400_that_names_the_field()
    {
        var taking = Operations(JsonNode.Parse(await server.TextAsync(Reference))!)
            .Where(operation => operation.Operation["requestBody"] is not null).ToList();
        Assert.True(taking.Count > 8);
        foreach (var (name, _) in taking)
        {
            var (method, path) = (
                name.Split(' ')[0], name.Split(' ')[1].Replace("profiles/{id}", "profiles/default", StringComparison.Ordinal)
                    .Replace("{id}", $"{Guid.Empty}", StringComparison.Ordinal));
            foreach (var (body, field) in new[]
            {
                ("{\"no_such_member\":1}", "no_such_member"),
                ("[]", "body"),
                ("{", "body"),
                ("\"text\"", "body"),
                ("\0", "body"),
            })
            {
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(server.Host.Url, path))
                {
                    Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
                };
                request.Headers.Authorization = new("Bearer", ApiServer.Admin);
                request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
                using var answer = await server.Http.SendAsync(request);
                var problem = await answer.Content.ReadAsStringAsync();
                Assert.True(
                    answer.StatusCode == HttpStatusCode.BadRequest && JsonNode.Parse(problem)!["errors"]![field] is not null,
                    $"{name} {body}: {answer.StatusCode} {problem}");
            }
        }
    }

    [Fact]
    [Trait("Conformance", "A-5")]
    public async Task Without_SCEP_its_lists_are_empty()
    {
        await using var app = BuildBeside(scep: false);
        var report = app.Services.GetRequiredService<ScepProfileReport>();
        Assert.Equal((0, 0), ((await report.ProfilesAsync(default)).Rows.Count, (await report.IntuneAsync(default)).Rows.Count));
    }

    /// <summary>The server's host with its files and its database, not started.</summary>
    private WebApplication BuildBeside(bool scep)
    {
        var settings = server.Host.Settings.ToDictionary(StringComparer.Ordinal);
        settings["CERTCTL_DATABASE_URL"] = server.Host.DatabaseUrl;
        settings["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = server.Host.Challenge;
        foreach (var (name, file) in new[] { ("CA", "ca"), ("SERVER_TLS", "tls") })
        {
            settings[$"CERTCTL_{name}_CERT_PATH"] = Path.Combine(server.Host.Data, $"{file}.crt");
            settings[$"CERTCTL_{name}_KEY_PATH"] = Path.Combine(server.Host.Data, $"{file}.key");
        }

        foreach (var kind in new[] { "cert", "key" })
        {
            var files = new[] { "ra-sign", "ra" }.Select(
                name => Path.Combine(server.Host.Data, $"{name}.{(kind == "cert" ? "crt" : "key")}"));
            settings[$"CERTCTL_SCEP_RA_{kind.ToUpperInvariant()}_PATH"] = string.Join(',', files);
        }

        settings["CERTCTL_SCEP_ENABLED"] = scep ? "true" : "false";
        var options = ConfigurationReader.Read(settings, configPath: null).Options!;
        var (material, _, _) = Preflight.Load(options, DateTimeOffset.UtcNow);
        return ServerHost.Build(
            options, material!, new ConfigurationSource(() => ConfigurationReader.Read(settings, configPath: null)), _ => { });
    }

    [GeneratedRegex("^[A-Z*]+ (/scep|/scep-mtls|/\\.well-known/(?:pki|est|est-mtls)|/certsrv/mscep/mscep.dll|/cgi-bin/pkiclient.exe)(/|$)")]
    private static partial Regex DeviceEndpoint();

    private static IEnumerable<string> Names(RouteEndpoint route)
    {
        var pattern = "/" + string.Join('/', route.RoutePattern.RawText!.Trim('/').Split('/')
            .Select(part => part.StartsWith('{') ? part.Split(':')[0].TrimEnd('}') + "}" : part));
        return (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(method => $"{method} {pattern}");
    }
}
