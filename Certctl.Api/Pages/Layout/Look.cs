using MudBlazor;

namespace Certctl.Api.Pages.Layout;

/// <summary>Colours and type of the pages: one accent, one scale, both themes with the contrasts of WCAG 2.2 AA.</summary>
internal static class Look
{
    private static readonly string[] Fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"];

    public static readonly MudTheme Theme = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#1f5fa8",
            Background = "#f6f7f9",
            Surface = "#ffffff",
            TextPrimary = "#1b2430",
            TextSecondary = "#4a5565",
            Error = "#a3261b",
            Success = "#1c6b3c",
            Warning = "#7a4d00",
            ActionDefault = "#4a5565",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#8ab8f0",
            PrimaryContrastText = "#10161f",
            Background = "#10161f",
            Surface = "#18212d",
            TextPrimary = "#e6ebf2",
            TextSecondary = "#b3bfce",
            Error = "#ff9d92",
            ErrorContrastText = "#10161f",
            Success = "#86d9a3",
            SuccessContrastText = "#10161f",
            Warning = "#f0c069",
            WarningContrastText = "#10161f",
            ActionDefault = "#b3bfce",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Fonts },
            Button = new ButtonTypography { FontFamily = Fonts, TextTransform = "none" },
        },
    };
}
