# placeholder until the fetch script exists
