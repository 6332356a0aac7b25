using Certctl.Application.Est;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.5: nothing is asked of requests beside what the certificate profile judges.</summary>
internal sealed class CsrAttrsOperation(EstServices services) : EstOperation(EstOperationName.CsrAttrs, HttpMethods.Get)
{
    protected override async Task AnswerAsync(EstCall call)
    {
        if (await services.Gate.FindCertificateDefectAsync(call.Profile, call.Shown, call.Http.RequestAborted) is { } defect)
            await RefuseAsync(call, defect);
        else
            call.Http.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
