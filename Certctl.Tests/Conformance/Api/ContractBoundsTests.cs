using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>
/// The OpenAPI document against the server: for each bound, enumeration and required value that it names, one request just outside is
/// refused by name, and one just inside is not; and the headers that it names are sent.
/// </summary>
public sealed class ContractBoundsTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string ProfileId = "laptops";

    private readonly List<string> _faults = [];
    private JsonNode _document = new JsonObject();
    private int _tried;

    [Fact]
    public async Task Each_bound_of_a_query_is_that_of_the_server()
    {
        _document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        foreach (var (name, operation) in ReferenceTests.Operations(_document))
        {
            foreach (var parameter in (operation["parameters"]?.AsArray() ?? []).Where(parameter => (string?)parameter!["in"] == "query"))
            {
                var (field, schema) = ((string)parameter!["name"]!, parameter["schema"]!);

                // The greatest page lies far behind the end of any list.
                foreach (var (value, isInside) in QueryValues(schema).Where(value => field != "page" || value.Value != $"{int.MaxValue}"))
                    await TryAsync(name, $"?{field}={Uri.EscapeDataString(value)}", null, field, isInside, value);
            }
        }

        Assert.True(_faults.Count == 0, string.Join('\n', _faults));
        Assert.True(_tried > 150, $"{_tried}");
    }

    [Fact]
    public async Task Each_bound_of_a_body_is_that_of_the_server()
    {
        _document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        await SendAsync("POST /api/v1/profiles", "", BaseOf("ProfileJson"));
        foreach (var (name, operation) in ReferenceTests.Operations(_document)
            .Where(operation => operation.Operation["requestBody"] is not null))
        {
            var type = ((string)operation["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]!).Split('/')[^1];
            var schema = _document["components"]!["schemas"]![type]!;
            Assert.False((bool)schema["additionalProperties"]!, type);
            var original = BaseOf(type);
            await TryAsync(name, "", With(original, "no_such_member", 1), "no_such_member", isInside: false, "");
            foreach (var required in (schema["required"]?.AsArray() ?? []).Select(member => (string)member!))
            {
                await TryAsync(name, "", Without(original, required), required, isInside: false, "absent");
                await TryAsync(name, "", With(original, required, null), required, isInside: false, "null");
            }

            foreach (var (field, of) in schema["properties"]!.AsObject())
            {
                // Absence says the same as null, so that clients need no type for it.
                Assert.True(of!["oneOf"] is null && of["anyOf"] is null, $"{type}.{field}: {of.ToJsonString()}");

                // Usages stand together or not with each other and with the kinds of key: their words alone say nothing of what is taken.
                foreach (var (value, isInside) in Values(Resolved(of), original[field], field)
                    .Where(value => field != "key_usage" || !value.IsInside))
                    await TryAsync(name, "", With(original, field, value), field, isInside, value?.ToJsonString() ?? "null");
            }
        }

        Assert.True(_faults.Count == 0, string.Join('\n', _faults));
        Assert.True(_tried > 150, $"{_tried}");
    }

    [Fact]
    public async Task Each_operation_that_names_If_Match_refuses_to_go_on_without_it()
    {
        _document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        var conditional = ReferenceTests.Operations(_document)
            .Where(operation => Parameters(operation.Operation).Any(parameter => (string?)parameter["name"] == "If-Match")).ToList();
        Assert.Equal(
            ["DELETE /api/v1/profiles/{id}", "PUT /api/v1/profiles/{id}"],
            conditional.Select(operation => operation.Name).Order(StringComparer.Ordinal));
        foreach (var (name, operation) in conditional)
        {
            Assert.True((bool)Parameters(operation).Single(parameter => (string?)parameter["name"] == "If-Match")["required"]!);
            Assert.Equal(428, (int)(await SendAsync(name, "", BaseOf("ProfileJson"), ifMatch: null)).StatusCode);
            Assert.NotNull(operation["responses"]!["428"]);
            Assert.NotNull(operation["responses"]!["412"]);
        }
    }

    [Fact]
    public async Task Each_header_that_is_documented_is_sent()
    {
        _document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        foreach (var (name, operation) in ReferenceTests.Operations(_document)
            .Where(operation => operation.Name.Contains(" /api/", StringComparison.Ordinal)))
        {
            Agrees(operation, name, await SendAsync(name, "?no-such=1", null));
            Agrees(operation, name, await SendAsync("BREW " + name.Split(' ')[1], "", null));
            if (operation["security"] is not null)
                Agrees(operation, name, await SendAsync(name, "", null, key: null));
        }
    }

    /// <summary>What the document says of this answer's headers is so.</summary>
    internal static void Agrees(JsonNode operation, string name, HttpResponseMessage answer)
    {
        var response = operation["responses"]![$"{(int)answer.StatusCode}"];
        Assert.True(response is not null, $"{name} does not document {answer.StatusCode}.");
        foreach (var (header, of) in response["headers"]!.AsObject())
        {
            var isSent = answer.Headers.TryGetValues(header, out var values) || answer.Content.Headers.TryGetValues(header, out values);
            Assert.True(isSent, $"{name}: {answer.StatusCode} has no {header}.");
            Assert.True(
                (string?)of!["schema"]!["type"] != "integer"
                    || int.TryParse(values!.Single(), NumberStyles.None, CultureInfo.InvariantCulture, out _), header);
        }
    }

    private async Task TryAsync(string name, string query, JsonObject? body, string field, bool isInside, string value)
    {
        _tried++;
        using var answer = await SendAsync(name, query, body);
        var text = await answer.Content.ReadAsStringAsync();
        var isRefused = answer.StatusCode == HttpStatusCode.BadRequest && JsonNode.Parse(text)!["errors"]?[field] is not null;
        if (isRefused == isInside || (int)answer.StatusCode >= 500)
            _faults.Add($"{name}: {field} = {(value.Length > 60 ? value[..60] + "…" : value)} should be "
                + $"{(isInside ? "taken" : "refused")}: {(int)answer.StatusCode} {(text.Length > 300 ? text[..300] : text)}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        string name, string query, JsonObject? body, string? key = ApiServer.Admin, string? ifMatch = "*")
    {
        var parts = name.Split(' ');
        var path = parts[1].Replace("profiles/{id}", $"profiles/{ProfileId}", StringComparison.Ordinal)
            .Replace("{id}", $"{Guid.Empty}", StringComparison.Ordinal).Replace("{transaction}", "none", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Parse(parts[0]), new Uri(server.Host.Url, path + query));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null || parts[0] is "POST" or "PUT")
            request.Content = new StringContent((body ?? []).ToJsonString(), Encoding.UTF8, "application/json");
        return await server.Http.SendAsync(request);
    }

    // The example of the document, changed where members of it stand in each other's way.
    private JsonObject BaseOf(string type)
    {
        var example = _document["components"]!["schemas"]![type]!["examples"]![0]!.DeepClone().AsObject();
        switch (type)
        {
            case "ProfileJson":
                (example["requires_approval"], example["renewal_window_days"]) = (true, 0);
                break;
            case "ApiKeyBody":
                example["expires_at"] = DateTimeOffset.UtcNow.AddDays(30).ToString("O", CultureInfo.InvariantCulture);
                break;
            case "ScepProbeBody":
                example["url"] = "http://10.0.0.1/";
                break;
        }

        return example;
    }

    private JsonNode Resolved(JsonNode schema) =>
        (string?)schema["$ref"] is { } reference ? _document["components"]!["schemas"]![reference.Split('/')[^1]]!
        : schema;

    private static IEnumerable<(string Value, bool IsInside)> QueryValues(JsonNode schema)
    {
        var type = (string?)schema["type"];
        foreach (var word in schema["enum"]?.AsArray() ?? [])
            yield return ((string)word!, true);
        if (schema["enum"] is not null)
            yield return ("no-such-word", false);
        if (type == "boolean")
        {
            yield return ("true", true);
            yield return ("yes", false);
        }

        if ((string?)schema["format"] == "date-time")
        {
            yield return ("2026-11-27T08:00:00Z", true);
            yield return ("2026-11-27T08:00:00+02:00", true);
            yield return ("2026-11-27T08:00:00", false);
            yield return ("2026-11-27", false);
        }

        if (type != "integer")
            yield break;
        yield return ("one", false);
        foreach (var (bound, step) in new[] { (schema["minimum"], -1L), (schema["maximum"], 1L) })
        {
            if (bound is null)
                continue;
            yield return (bound.ToJsonString(), true);
            yield return ((bound.GetValue<long>() + step).ToString(CultureInfo.InvariantCulture), false);
        }
    }

    /// <param name="given">A value that is taken.</param>
    private IEnumerable<(JsonNode? Value, bool IsInside)> Values(JsonNode schema, JsonNode? given, string field)
    {
        if ((bool?)schema["readOnly"] == true)
            return [];
        return ((string?)schema["type"] ?? "string") switch
        {
            "string" => StringValues(schema, given),
            "integer" => QueryValues(schema).Where(value => value.Value != "one")
                .Select(value => ((JsonNode?)JsonValue.Create(long.Parse(value.Value, CultureInfo.InvariantCulture)), value.IsInside))
                .Append(("1", false)).Append((1.5, false)),
            "boolean" => [("true", false), (1, false)],
            "array" => ArrayValues(schema, given, field),
            _ => throw new NotSupportedException(schema.ToJsonString()),
        };
    }

    private static IEnumerable<(JsonNode? Value, bool IsInside)> StringValues(JsonNode schema, JsonNode? given)
    {
        yield return (7, false);
        foreach (var (value, isInside) in QueryValues(schema).Where(_ => (string?)schema["format"] != "date-time"))
            yield return (value, isInside);
        if (schema["format"] is not null)
            yield return ("2026-12-24T00:00:00", false);
        if (schema["pattern"] is not null)
        {
            yield return ("", false);
            yield return (" ", false);
            yield return ("not of the form!", false);
        }

        if (schema["minLength"] is { } min)
            yield return (new string('a', (int)min - 1), false);
        if (schema["maxLength"] is not { } max)
            yield break;
        yield return (((string?)given ?? "").PadRight((int)max, 'a'), true);
        yield return (((string?)given ?? "").PadRight((int)max + 1, 'a'), false);

        // JSON Schema counts characters of Unicode; these are two UTF-16 units each.
        var more = (int)max - ((string?)given ?? "").Length;
        yield return ((string?)given + string.Concat(Enumerable.Repeat("\U0001D11E", more)), true);
        yield return ((string?)given + string.Concat(Enumerable.Repeat("\U0001D11E", more + 1)), false);
    }

    private IEnumerable<(JsonNode? Value, bool IsInside)> ArrayValues(JsonNode schema, JsonNode? given, string field)
    {
        yield return ("text", false);
        var items = Resolved(schema["items"]!);
        var one = given is JsonArray { Count: > 0 } some ? some[0] : "1";
        if (schema["minItems"] is not null)
            yield return (new JsonArray(), false);
        if (schema["maxItems"] is { } max)
        {
            yield return (Several(field, (int)max), true);
            yield return (Several(field, (int)max + 1), false);
        }

        yield return (new JsonArray((JsonNode?)null), false);
        if ((string?)items["type"] == "string")
        {
            foreach (var (value, isInside) in StringValues(items, one))
                yield return (new JsonArray(value?.DeepClone()), isInside);
            yield break;
        }

        foreach (var member in items["required"]!.AsArray().Select(member => (string)member!))
            yield return (new JsonArray(Without(one!.AsObject(), member)), false);
        yield return (new JsonArray(With(one!.AsObject(), "no_such_member", 1)), false);
        foreach (var algorithm in new[] { "DSA", "rsa", "ED25519" })
            yield return (new JsonArray(With(one!.AsObject(), "algorithm", algorithm)), false);
        yield return (new JsonArray(With(one!.AsObject(), "min_size", 8193)), false);
    }

    // Serial numbers, SAN patterns and names of attributes: a dotted OID is all of them but a serial number.
    private static JsonArray Several(string field, int count) => [.. Enumerable.Range(1, count).Select(i => (JsonNode)(field switch
    {
        "allowed_key_algorithms" => new JsonObject { ["algorithm"] = "RSA", ["min_size"] = 2048 },
        "subject_template" => $"OU=unit {i}",
        "san_template" => $"DNS:host-{i}.example.com",
        "certificate_ids" => $"{i:x}",
        _ => $"1.2.{i}",
    }))];

    private static IEnumerable<JsonNode> Parameters(JsonNode operation) =>
        (operation["parameters"]?.AsArray() ?? []).Select(parameter => parameter!);

    private static JsonObject With(JsonObject original, string field, JsonNode? value)
    {
        var changed = original.DeepClone().AsObject();
        changed[field] = value?.DeepClone();
        return changed;
    }

    private static JsonObject Without(JsonObject original, string field)
    {
        var changed = original.DeepClone().AsObject();
        changed.Remove(field);
        return changed;
    }
}
