using Certctl.Api.Hosting.Http;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Est;

/// <summary>One request as its operation gets it.</summary>
internal sealed record EstCall(HttpContext Http, EstProfile Profile, ShownCredentials Shown);

/// <summary>One operation of RFC 7030 §3.2.2. All that are registered are served.</summary>
/// <param name="name">The last segment of the path.</param>
/// <param name="method">The one that it is asked by.</param>
/// <param name="record">How a refusal of it is recorded.</param>
internal abstract class EstOperation(EstServices services, string name, string method, EstRequestName record)
{
    public string Name => name;

    /// <summary>Whether the endpoint serves it; else the path leads nowhere.</summary>
    public virtual bool IsServedBy(EstProfile profile) => true;

    /// <summary>Answers with what it is, or with 405.</summary>
    public async Task ServeAsync(EstCall call)
    {
        if (call.Http.Request.Method == method)
        {
            await AnswerAsync(call);
            return;
        }

        await RecordAsync(call, call.Shown.Origin, new(FailureReason.MalformedRequest, $"asked by another method than {method}"));
        await DeviceAnswer.NotAllowed(call.Http, HttpMethods.IsGet(method) ? "GET, HEAD" : method);
    }

    protected abstract Task AnswerAsync(EstCall call);

    /// <summary>Null when the client is let in: nothing but the mTLS route wants authentication here.</summary>
    protected Task<EnrolmentFailure?> FindCertificateDefectAsync(EstCall call) =>
        services.Gate.FindCertificateDefectAsync(call.Profile, call.Shown, record, call.Http.RequestAborted);

    /// <summary>A refusal that no gate and no check has recorded. Not with the request's token: the client may disconnect.</summary>
    protected Task RecordAsync(EstCall call, RequestOrigin origin, EnrolmentFailure failure) =>
        services.Gate.RecordAsync(call.Profile, origin, record, failure, CancellationToken.None);

    /// <summary>RFC 7030 §4.2.3: a refusal is a status of 4xx and a text for people.</summary>
    protected static Task RefuseAsync(EstCall call, EnrolmentFailure failure)
    {
        var (http, status) = (call.Http, EstStatus.Of(failure));

        // RFC 9110 §11.6.1: 401 names a way to authenticate; without one it is 403.
        if (status == StatusCodes.Status401Unauthorized && call.Profile.Takes(EstAuthModes.Basic))
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"est-enrollment\", charset=\"UTF-8\"";
        else if (status == StatusCodes.Status401Unauthorized)
            status = StatusCodes.Status403Forbidden;
        if (status == StatusCodes.Status503ServiceUnavailable)
            http.Response.Headers.RetryAfter = AccidentHandler.RetryAfterSeconds;
        else if (failure.AllowedFrom is { } from)
            http.Response.Headers.RetryAfter = Seconds(from - http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
        return DeviceAnswer.Say(http, status, EstStatus.TextOf(failure) + OtherPort(http, failure));
    }

    // A client that has a certificate and was not asked for it cannot know why it is refused.
    private static string OtherPort(HttpContext http, EnrolmentFailure failure) =>
        failure.Reason == FailureReason.ClientCertificateMissing && http.Features.Get<TlsClient>() is null
        && http.RequestServices.GetRequiredService<ClientCertificatePort>().Number is { } port
            ? $" This port asks for none; port {port} does."
            : "";

    private static string Seconds(TimeSpan wait) =>
        Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
