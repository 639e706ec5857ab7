# TAB for revokey in PowerShell: revokey completion powershell >> $PROFILE
# What was typed is handed over as it stands: none of it is evaluated.
Register-ArgumentCompleter -Native -CommandName revokey -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program = Get-Command -CommandType Application -Name revokey -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $program) { return }
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    & $program.Source __complete "=$wordToComplete" @words 2>$null | ForEach-Object {
        $name, $text = $_ -split "`t", 2
        if ($name -ne ':files') {
            if (-not $text) { $text = $name }
            [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $text)
        }
    }
}
