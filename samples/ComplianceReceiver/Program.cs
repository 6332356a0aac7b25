using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ComplianceReceiver;

// A compliance service for certctl, as small as one can be: https, a bearer token, and a file of devices that get no certificate.
// README.md says how to run it.
var builder = WebApplication.CreateSlimBuilder(args);
var settings = builder.Configuration;
var deniedPath = Needed("denied");
var token = SHA256.HashData(Encoding.UTF8.GetBytes(File.ReadAllText(Needed("token-file")).TrimEnd('\r', '\n')));
using var certificate = X509Certificate2.CreateFromPemFile(Needed("cert"), Needed("key"));
builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = 64 * 1024;
    kestrel.Listen(
        IPAddress.Parse(settings["host"] ?? "127.0.0.1"), settings.GetValue("port", 9443), listen => listen.UseHttps(certificate));
});

var app = builder.Build();
app.MapPost("/compliance", async (HttpContext context) =>
{
    if (!MayAsk(context.Request))
        return Results.Unauthorized();
    var question = await Question.ReadAsync(context.Request.Body, context.RequestAborted);
    if (question is null)
        return Results.BadRequest();

    // Read for each question, so that a change counts at once. When it cannot be read,
    // the 500 that follows makes certctl refuse the device.
    var denied =
        JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(deniedPath, context.RequestAborted)) ?? [];
    var reason = question.Names.Select(name => denied.GetValueOrDefault(name)).FirstOrDefault(found => found is not null);
    return Results.Json(new { compliant = reason is null, reason = reason ?? "not on the list" });
});
app.Run();

string Needed(string name) => settings[name] ?? throw new ArgumentException($"--{name} is needed; see README.md.");

// Hashes of equal length, compared in constant time: the answer's time says nothing about the token.
bool MayAsk(HttpRequest request)
{
    const string Scheme = "Bearer ";
    var presented = request.Headers.Authorization.ToString();
    return presented.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented[Scheme.Length..])), token);
}
