using Certctl.Api.Hosting.Http;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;
using Microsoft.Net.Http.Headers;

namespace Certctl.Api.Est;

/// <summary>What the operations that enrol have in common: who asks is judged before the body is read.</summary>
internal abstract class EnrollingOperation(EstServices services, string name, EnrolmentKind kind)
    : EstOperation(services, name, HttpMethods.Post, EstRequestName.Of(kind))
{
    private readonly EstServices _services = services;
    private const string Pkcs10 = "application/pkcs10";

    protected override async Task AnswerAsync(EstCall call)
    {
        // Not the request's token: the attempt is recorded even when the client disconnects.
        switch (await _services.Gate.AdmitAsync(call.Profile, call.Shown, kind, CancellationToken.None))
        {
            case EstAdmission.Refused(var failure):
                await RefuseAsync(call, failure);
                break;
            case EstAdmission.Admitted(var client):
                await ReadAsync(call, client);
                break;
        }
    }

    /// <summary>Answers a client that was let in.</summary>
    protected abstract Task EnrolAsync(EstCall call, EstClient client, byte[] body);

    private async Task ReadAsync(EstCall call, EstClient client)
    {
        var http = call.Http;
        if (!IsPkcs10(http.Request.ContentType))
        {
            http.Response.Headers["Accept-Post"] = Pkcs10;
            await UnreadAsync(call, client, StatusCodes.Status415UnsupportedMediaType, $"Send the request as Content-Type: {Pkcs10}.");
            return;
        }

        var body = await http.ReadWholeBodyAsync(_services.MaxBodySize);
        if (body is null)
            await UnreadAsync(call, client, StatusCodes.Status413PayloadTooLarge, "The request is too large.");
        else if (body.Length == 0)
            await UnreadAsync(call, client, StatusCodes.Status400BadRequest, "The body is empty; send a PKCS#10 in base64.");
        else
            await _services.InFlight.RunAsync(http, () => EnrolAsync(call, client, body));
    }

    private async Task UnreadAsync(EstCall call, EstClient client, int status, string text)
    {
        await RecordAsync(call, client.Origin, new(FailureReason.RawCsrUnreadable, $"the body was not read ({status}): {text}"));
        await DeviceAnswer.Say(call.Http, status, text);
    }

    // Compat: some clients send no type. Parameters say nothing.
    private static bool IsPkcs10(string? contentType) => string.IsNullOrEmpty(contentType)
        || (MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals(Pkcs10, StringComparison.OrdinalIgnoreCase));
}
