namespace Certctl.Domain.Profiles;

/// <summary>
/// The length of free text: in characters of Unicode (code points), as JSON Schema's maxLength (draft 2020-12, §6.3.1) and the database
/// count it, and not in the UTF-16 units of a .NET string.
/// </summary>
public static class TextLength
{
    public static int Of(string text) => text.EnumerateRunes().Count();
}
