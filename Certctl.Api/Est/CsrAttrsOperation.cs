using Certctl.Application.Est;
using Certctl.Application.Est.CsrAttributes;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.5: what requests should have; without authentication but on the mTLS route.</summary>
internal sealed class CsrAttrsOperation(EstServices services, CsrAttributesAnswers answers)
    : EstOperation(services, EstOperationName.CsrAttrs, HttpMethods.Get, EstRequestName.CsrAttrs)
{
    protected override async Task AnswerAsync(EstCall call)
    {
        var http = call.Http;
        if (await FindCertificateDefectAsync(call) is { } defect)
            await RefuseAsync(call, defect);
        else if (await answers.FindAsync(
            call.Profile.Policy.CertificateProfileId, call.Profile.CsrAttributes, http.RequestAborted) is { } attributes)
            await EstAnswer.SendAsync(call, "application/csrattrs", attributes);
        else
            http.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
